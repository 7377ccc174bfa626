import { Command } from 'commander';
import { modelChecks } from '../../models/check.ts';
import type { ModelCard } from '../../models/index.ts';
import { examine, type Finding } from '../ops/doctor.ts';
import { EXIT, print } from './exit.ts';

/** `vantay models check`: whether the weights are those of their cards and load, also those of an operator's profile. */
export function modelsVerb(): Command {
  return new Command('models').description('look at the models').addCommand(
    new Command('check')
      .description('verify the hashes of all weights and load them')
      .option('--profile <file>', 'profile (YAML or JSON) of other face networks')
      .option('--json', 'print one JSON object')
      .action(async ({ profile, json }: { profile?: string; json?: boolean }) => {
        const cards: ModelCard[] = [];
        const take = (found: readonly ModelCard[]): string => {
          cards.push(...found);
          return found.map(({ id, version, sha256 }) => `${id} ${version} ${sha256.slice(0, 8)}`).join(', ');
        };
        const findings = await examine(
          modelChecks(profile).map(({ name, load }) => ({ name, look: async () => take(await load()) })),
        );
        const ok = findings.every(finding => finding.ok);
        print(json, { ok, findings, models: cards }, () => text(findings));
        if (!ok) process.exitCode = EXIT.findings;
      }),
  );
}

const text = (findings: readonly Finding[]): string =>
  findings
    .map(({ check, ok, code, detail, remedy }) =>
      ok ? `ok    ${check}: ${detail}` : `WRONG ${check}: ${code}: ${detail}\n      ${remedy}`,
    )
    .join('\n');
