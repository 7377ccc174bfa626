/** How a command ends: one clear line and an exit code, never a stack trace. */
import { type Command, CommanderError } from 'commander';
import { entryOf } from '../ops/errors.ts';

/** Exit codes: 0 done, 1 done with findings, 2 the command could not be done. */
export const EXIT = { done: 0, findings: 1, failed: 2 } as const;

/** Leaves complaints of a command and of all below it to {@link exitWith}: each is said once, with its code. */
export function silent(command: Command): Command {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const below of command.commands) silent(below);
  return command;
}

/** Prints what went wrong and how to mend it (as JSON when `--json` was asked for) and ends the process. */
export function exitWith(error: unknown): never {
  if (error instanceof CommanderError && error.exitCode === 0) process.exit(EXIT.done);
  const usage = error instanceof CommanderError;
  const entry = usage ? entryOf(Object.assign(new Error(), { code: 'USAGE' })) : entryOf(error);
  const message = usage ? usageMessage(error) : error instanceof Error ? error.message : String(error);
  if (process.argv.includes('--json')) {
    process.stdout.write(
      `${JSON.stringify({ error: { code: entry.code, message, remedy: entry.remedy } })}\n`,
    );
  } else {
    process.stderr.write(`${entry.code}: ${message}\n${entry.remedy}\n`);
  }
  process.exit(EXIT.failed);
}

const usageMessage = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? 'a word is missing' : message.replace(/^error: /, '');

/** What a command found, for people or as one JSON object. */
export function print(json: boolean | undefined, value: object, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`);
}
