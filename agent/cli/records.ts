import { Command } from 'commander';
import { openOutboxFile } from '../compose.ts';
import type { Config } from '../contract/config.ts';
import { loadConfig } from '../ops/config.ts';
import { VantayError } from '../ops/errors.ts';
import type { OutboxStore } from '../outbox/store.ts';
import { type Look, lookAt } from '../records/cache/look.ts';
import { CacheStore } from '../records/cache/store.ts';
import { momentOf } from '../records/cache/types.ts';
import { wipeFile } from '../records/cache/wipe.ts';
import { lastSerial, readWrappingKeys, recordsFile } from '../records/keep.ts';
import { print } from './exit.ts';
import { templatesVerb } from './templates.ts';

interface Options {
  readonly config: string;
  readonly json?: boolean;
}

/**
 * `vantay records status|wipe|allow|rotate`: the records kept on this kiosk, all but `status` while the agent stands still;
 * and `templates`, what an office's record server is given.
 */
export function recordsVerb(): Command {
  return new Command('records')
    .description('the immigration records kept on this kiosk')
    .addCommand(status())
    .addCommand(wipe())
    .addCommand(allow())
    .addCommand(rotate())
    .addCommand(templatesVerb());
}

const verb = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print one JSON object');

const status = (): Command =>
  verb('status', 'what is kept, and how fresh it is; also beside a running agent').action(
    async ({ config: file, json }: Options) => {
      const look = await lookAtRecords(loadConfig(file, process.env));
      print(json, shown(look), () => described(look));
    },
  );

const wipe = (): Command =>
  verb('wipe', 'destroy what is kept, for good; needs no key').action(
    async ({ config: file, json }: Options) => {
      const config = loadConfig(file, process.env);
      using outbox = openOutboxFile(config);
      const serial = wipeFile(recordsFile(config), await leastSerialIn(outbox));
      outbox.call('record', { event: { event: 'records_wiped', serial }, nowMs: Date.now() });
      print(json, { wiped: true }, () => 'wiped; `vantay records allow` lets the registry send them again');
    },
  );

const allow = (): Command =>
  verb('allow', 'after a wipe: let the registry send records again').action(
    async ({ config: file, json }: Options) => {
      using store = await openStore(loadConfig(file, process.env));
      store.allow(Date.now());
      print(json, { state: store.status().state }, () => 'allowed: they come at the next start of the agent');
    },
  );

const rotate = (): Command =>
  verb('rotate', 'seal everything under a new key').action(async ({ config: file, json }: Options) => {
    using store = await openStore(loadConfig(file, process.env));
    store.rotate(Date.now());
    while (store.sealAnew());
    const { keyGeneration, records } = store.status();
    print(json, { keyGeneration, records }, () => `${records} records under key ${keyGeneration}`);
  });

/** @throws VantayError CONFIG_INVALID where none are to be kept; CacheError */
export async function lookAtRecords(config: Config): Promise<Look> {
  return lookAt(recordsFile(config), await readWrappingKeys(keyFileOf(config)));
}

/** Serial that the audit chain has seen last. */
const leastSerialIn = (outbox: OutboxStore): Promise<number> =>
  lastSerial(async (before, text, limit) => outbox.call('auditPage', { before, text, limit }));

async function openStore(config: Config): Promise<CacheStore> {
  const wrapping = await readWrappingKeys(keyFileOf(config));
  using outbox = openOutboxFile(config);
  const leastSerial = await leastSerialIn(outbox);
  return new CacheStore({ path: recordsFile(config), wrapping, models: null, leastSerial }, Date.now());
}

function keyFileOf({ records }: Config): string {
  if (!records) throw new VantayError('CONFIG_INVALID', 'no `records` in the configuration: none are kept');
  return records.keyFile;
}

function shown(look: Look): object {
  if (look.state !== 'ready') return look;
  const { freshUntilMs, syncedAtMs, keyMadeAtMs, ...rest } = look;
  return {
    ...rest,
    freshUntil: momentOf(freshUntilMs),
    syncedAt: momentOf(syncedAtMs),
    keyMadeAt: momentOf(keyMadeAtMs),
  };
}

/** One line about what is kept. */
export function described(look: Look): string {
  if (look.state !== 'ready') return look.state === 'wiped' ? 'wiped' : 'none yet';
  const { records, version, complete, freshUntilMs } = look;
  const fresh = momentOf(freshUntilMs);
  return `${records} of version ${version}${complete ? '' : ', not complete'}, ${fresh ? `usable until ${fresh}` : 'not usable yet'}`;
}
