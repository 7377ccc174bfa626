import { Command, InvalidArgumentError } from 'commander';
import { OfficerNumber } from '../contract/common.ts';
import { Role } from '../contract/officer.ts';
import { accountsFile, dismiss, invite, readAccounts } from '../officer/accounts.ts';
import { loadConfig } from '../ops/config.ts';
import { EXIT, print } from './exit.ts';

interface Options {
  readonly config: string;
  readonly json?: boolean;
}

/** `vantay officer invite|list|dismiss`: who may sign in at the officer's console, also beside a running agent. */
export function officerVerb(): Command {
  return new Command('officer')
    .description("who may sign in at the officer's console")
    .addCommand(inviteVerb())
    .addCommand(list())
    .addCommand(dismissVerb());
}

const verb = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print one JSON object');

const inviteVerb = (): Command =>
  verb('invite', 'let an officer register a passkey; prints a code for the console, good for half an hour')
    .argument('<number>', "the officer's number", checked(OfficerNumber))
    .option('--role <role>', Role.options.join(' or '), checked(Role), 'officer')
    .action(async (officer: string, { config: file, json, role }: Options & { role: Role }) => {
      const accounts = accountsFile(loadConfig(file, process.env));
      const code = await invite(accounts, officer, role, new Date());
      print(json, { officer, role, code }, () => `${role} ${officer}: ${code}`);
    });

const list = (): Command =>
  verb('list', 'officers and how many passkeys they have').action(async ({ config: file, json }: Options) => {
    const accounts = await readAccounts(accountsFile(loadConfig(file, process.env)));
    const officers = accounts.map(({ officer, role, passkeys }) => ({
      officer,
      role,
      passkeys: passkeys.length,
    }));
    print(json, { officers }, () =>
      officers.map(({ officer, role, passkeys }) => `${officer}  ${role}  ${passkeys} passkeys`).join('\n'),
    );
  });

const dismissVerb = (): Command =>
  verb('dismiss', "take an officer's passkeys away; who is signed in with one is signed out")
    .argument('<number>', "the officer's number")
    .action(async (officer: string, { config: file, json }: Options) => {
      const dismissed = await dismiss(accountsFile(loadConfig(file, process.env)), officer);
      print(json, { dismissed }, () =>
        dismissed ? `${officer} may not sign in any more` : 'no such officer',
      );
      if (!dismissed) process.exitCode = EXIT.findings;
    });

const checked =
  <T>(schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } }) =>
  (text: string): T => {
    const parsed = schema.safeParse(text);
    if (!parsed.success) throw new InvalidArgumentError('not allowed here');
    return parsed.data;
  };
