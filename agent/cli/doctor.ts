import { mkdir } from 'node:fs/promises';
import { Command } from 'commander';
import { startModels } from '../../models/index.ts';
import { loadKeys } from '../compose.ts';
import { clockTrust } from '../ops/clock.ts';
import { loadConfig } from '../ops/config.ts';
import { type Check, examine, type Finding, lookAtBroker, lookAtDisk } from '../ops/doctor.ts';
import { deviceChecks } from './devices.ts';
import { EXIT, print } from './exit.ts';

/** Longest the models may take to load, in milliseconds. */
const MODELS_DEADLINE_MS = 15_000;

/** `vantay doctor`: what a kiosk needs, what is wrong with it, and how to mend it. */
export function doctorVerb(): Command {
  return new Command('doctor')
    .description('check models, keys, disk, clock, broker and devices')
    .option('--config <file>', 'configuration file (YAML); without it only what needs none')
    .option('--json', 'print one JSON object')
    .action(async (options: { config?: string; json?: boolean }) => {
      const findings = await examine([
        ...machineChecks(),
        ...(options.config ? kioskChecks(options.config) : []),
      ]);
      const ok = findings.every(finding => finding.ok);
      print(options.json, { ok, findings }, () => text(findings));
      if (!ok) process.exitCode = EXIT.findings;
    });
}

const machineChecks = (): Check[] => [
  { name: 'node', look: async () => process.version },
  { name: 'clock', look: async () => `${new Date().toISOString()}, ${clockTrust()}` },
  {
    name: 'models',
    look: async () => {
      await using models = await startModels({
        deadlineMs: MODELS_DEADLINE_MS,
        startDeadlineMs: MODELS_DEADLINE_MS,
      });
      const [failure] = models.health.failures;
      if (failure) throw Object.assign(new Error(failure), { code: failure.split(': ').at(-1) });
      return models.cards.map(({ id, version }) => `${id} ${version}`).join(', ');
    },
  },
];

function kioskChecks(file: string): Check[] {
  const config = loadConfig(file, process.env);
  return [
    {
      name: 'keys',
      look: async () => `${(await loadKeys(config)).signer.certificates.length} certificates`,
    },
    {
      name: 'disk',
      look: async () => {
        await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
        return lookAtDisk(config.stateDir);
      },
    },
    { name: 'broker', look: signal => lookAtBroker(config.mqtt.url, signal) },
    ...deviceChecks(file),
  ];
}

const text = (findings: readonly Finding[]): string =>
  findings
    .map(({ check, ok, code, detail, remedy }) =>
      ok ? `ok    ${check}: ${detail}` : `WRONG ${check}: ${code}: ${detail}\n      ${remedy}`,
    )
    .join('\n');
