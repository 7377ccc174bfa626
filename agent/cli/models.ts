import { Command } from 'commander';
import type { ModelCard } from '../../models/index.ts';
import { examine, type Finding } from '../ops/doctor.ts';
import { EXIT, print } from './exit.ts';

/** `vantay models check`: whether the weights are those of their cards and load, also those of an operator's profile. */
export function modelsVerb(): Command {
  return new Command('models').description('look at the models').addCommand(
    new Command('check')
      .description('verify the hashes of all weights and load them')
      .option('--profile <file>', 'profile (YAML or JSON) of another face embedding')
      .option('--json', 'print one JSON object')
      .action(async ({ profile, json }: { profile?: string; json?: boolean }) => {
        const cards: ModelCard[] = [];
        const take = (found: readonly ModelCard[]): string => {
          cards.push(...found);
          return found.map(({ id, version, sha256 }) => `${id} ${version} ${sha256.slice(0, 8)}`).join(', ');
        };
        // Loaded here rather than in the model process, which tells no more of a failure than its code.
        const findings = await examine([
          {
            name: 'finger',
            look: async () =>
              take((await (await import('../../models/finger/index.ts')).loadFingerModels()).cards),
          },
          {
            name: 'face',
            look: async () => {
              const { loadFaceModels } = await import('../../models/face/index.ts');
              return take((await loadFaceModels(profile === undefined ? {} : { profile })).cards);
            },
          },
        ]);
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
