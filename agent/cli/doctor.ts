import { mkdir } from 'node:fs/promises';
import { Command } from 'commander';
import { modelChecks } from '../../models/check.ts';
import { startModels } from '../../models/index.ts';
import { openKeys } from '../compose.ts';
import type { Config } from '../contract/config.ts';
import { accountsFile, readAccounts } from '../officer/accounts.ts';
import { loadConfig } from '../ops/config.ts';
import {
  type Check,
  examine,
  type Finding,
  lookAtBroker,
  lookAtClock,
  lookAtDisk,
  type Noted,
} from '../ops/doctor.ts';
import { createLog } from '../ops/log.ts';
import { forbidDumps, leaksOfMemory } from '../ops/no-dumps.ts';
import { lookAtPermissions } from '../ops/permissions.ts';
import { deviceChecks } from './devices.ts';
import { EXIT, print } from './exit.ts';
import { described, lookAtRecords } from './records.ts';

/** Longest the models may take to load, in milliseconds. */
const MODELS_DEADLINE_MS = 15_000;

/** `vantay doctor`: what a kiosk needs, what is wrong with it, and how to mend it. */
export function doctorVerb(): Command {
  return new Command('doctor')
    .description('check models, keys, disk, clock, broker and devices')
    .option('--config <file>', 'configuration file (YAML); without it only what needs none')
    .option('--json', 'print one JSON object')
    .action(async (options: { config?: string; json?: boolean }) => {
      const config = options.config === undefined ? undefined : loadConfig(options.config, process.env);
      const findings = await examine([
        ...machineChecks(config?.models.faceProfile),
        ...(config && options.config ? kioskChecks(config, options.config) : []),
      ]);
      const ok = findings.every(finding => finding.ok);
      print(options.json, { ok, findings }, () => text(findings));
      if (!ok) process.exitCode = EXIT.findings;
    });
}

const machineChecks = (faceProfile: string | undefined): Check[] => [
  { name: 'node', look: async () => process.version },
  { name: 'clock', look: lookAtClock },
  {
    name: 'memory',
    look: async () => {
      await forbidDumps();
      const leaks = leaksOfMemory();
      return leaks.length === 0 ? 'stays off the disk' : { code: 'MEMORY_ON_DISK', detail: leaks.join('; ') };
    },
  },
  {
    name: 'models',
    look: async () => {
      await using models = await startModels({
        deadlineMs: MODELS_DEADLINE_MS,
        startDeadlineMs: MODELS_DEADLINE_MS,
        ...(faceProfile === undefined ? {} : { faceProfile }),
      });
      // The model process tells a code; tried here, a failure names the file.
      if (models.health.failures.length > 0) for (const { load } of modelChecks(faceProfile)) await load();
      return models.cards.map(({ id, version }) => `${id} ${version}`).join(', ');
    },
  },
];

function kioskChecks(config: Config, file: string): Check[] {
  return [
    { name: 'keys', look: async () => keysAt(config) },
    {
      name: 'disk',
      look: async () => {
        await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
        return lookAtDisk(config.stateDir);
      },
    },
    { name: 'permissions', look: () => lookAtPermissions(config, file) },
    ...(config.officer
      ? [{ name: 'officers', look: () => officersOf(config, config.officer?.developmentPins ?? []) }]
      : []),
    ...(config.records
      ? [{ name: 'records', look: async () => described(await lookAtRecords(config)) }]
      : []),
    { name: 'broker', look: signal => lookAtBroker(config.mqtt, signal) },
    ...deviceChecks(file),
  ];
}

/** Who may sign in at the console; a PIN is told of, whoever it is for. */
async function officersOf(config: Config, pins: readonly unknown[]): Promise<string | Noted> {
  const accounts = await readAccounts(accountsFile(config));
  const ready = accounts.filter(({ passkeys }) => passkeys.length > 0).length;
  const detail = `${ready} of ${accounts.length} with a passkey`;
  return pins.length > 0 ? { detail: `${detail}; ${pins.length} by PIN`, code: 'OFFICER_PINS' } : detail;
}

/** Tries the signing key, and tells the worst of what is wrong; a key in a file is told of even where all else is well. */
async function keysAt(config: Config): Promise<string | Noted> {
  await using keys = await openKeys(config, createLog('silent'));
  const { holder, validUntil, findings } = keys.health;
  const detail = `${holder} key signs, certificates valid until ${validUntil}`;
  const [worst] = findings.filter(code => code !== 'KEY_IN_FILE');
  if (worst !== undefined)
    throw Object.assign(new Error(`${holder} key, certificates valid until ${validUntil}`), { code: worst });
  return findings.length > 0 ? { detail, code: 'KEY_IN_FILE' } : detail;
}

const text = (findings: readonly Finding[]): string =>
  findings
    .map(({ check, ok, code, detail, remedy }) =>
      ok && code === null
        ? `ok    ${check}: ${detail}`
        : `${ok ? 'NOTE ' : 'WRONG'} ${check}: ${code}: ${detail}\n      ${remedy}`,
    )
    .join('\n');
