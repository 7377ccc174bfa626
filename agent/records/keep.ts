/** The records that this kiosk keeps, with everything they consist of, from the configuration: the door of the cache. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  FaceGallery,
  FingerGallery,
  FingerGalleryOptions,
  GalleryEvent,
  GalleryOptions,
  Models,
} from '../../models/index.ts';
import type { KeptEntry } from '../audit/chain.ts';
import { AuditEntry } from '../contract/audit.ts';
import type { Config } from '../contract/config.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import type { SqliteOutbox } from '../outbox/outbox.ts';
import type { Uplink } from '../uplink/uplink.ts';
import { RecordCache } from './cache/cache.ts';
import { parseKeyFile, type WrappingKey } from './cache/envelope.ts';
import { CacheError } from './cache/errors.ts';
import { discardFile, wipeFile } from './cache/wipe.ts';
import { Keeper } from './keeper.ts';
import type { Preparer } from './prepare.ts';
import type { ChangeSource } from './sync.ts';

/** Permission bits of those who are neither owner nor group; systemd gives its credentials to a group of one. */
const OTHERS = 0o007;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** A template waits so long while somebody stands at the kiosk, in milliseconds; then it takes its turn all the same. */
const IDLE_LIMIT_MS = 500;
const IDLE_LOOK_MS = 100;
/** Of a search among faces: two read memory as fast as this hardware gives it. */
const FACE_THREADS = 2;
/** Longest one call of the gallery may take, in milliseconds: laying out a block takes seconds. */
const GALLERY_DEADLINE_MS = 60_000;

export const recordsFile = ({ stateDir }: Pick<Config, 'stateDir'>): string =>
  join(stateDir, 'records.sqlite');

/** @throws CacheError RECORDS_KEY */
export async function readWrappingKeys(path: string): Promise<readonly WrappingKey[]> {
  try {
    if (((await stat(path)).mode & OTHERS) !== 0)
      throw new CacheError('RECORDS_KEY', `others may read ${path}: chmod 600`);
    return parseKeyFile(await readFile(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof CacheError) throw cause;
    throw new CacheError('RECORDS_KEY', `cannot read ${path}`, { cause });
  }
}

/** A page of the audit chain, newest first, of the entries that have a text in them. */
type AuditPage = (before: number | null, text: string, limit: number) => Promise<KeptEntry[]> | KeptEntry[];

/** The last serial of the kept records that the audit chain names; 0 where it names none. */
export async function lastSerial(auditPage: AuditPage): Promise<number> {
  const [entry] = await auditPage(null, '"serial":', 1);
  const event = entry && AuditEntry.parse(JSON.parse(entry.text)).event;
  return event && 'serial' in event ? event.serial : 0;
}

export interface KeptParts {
  readonly uplink: ChangeSource & Pick<Uplink, 'onOnline' | 'keeper'>;
  readonly outbox: Pick<SqliteOutbox, 'auditPage' | 'record'>;
  readonly models: Pick<Models, 'cards'>;
  readonly preparer: Preparer;
  startGallery(options: GalleryOptions): Promise<FaceGallery>;
  startFingerGallery(options: FingerGalleryOptions): Promise<FingerGallery>;
  /** Whether somebody stands at the kiosk. */
  busy(): boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Constructed stopped; `start` opens the file. Never throws: what is wrong with it is told by health and log.
 * @returns null where the configuration keeps no records
 */
export function keepRecords(config: Pick<Config, 'stateDir' | 'records'>, parts: KeptParts): Keeper | null {
  const { records: settings } = config;
  if (!settings) return null;
  const { uplink, outbox, models, preparer, startGallery, startFingerGallery, busy, clock, log } = parts;
  const running = {
    deadlineMs: GALLERY_DEADLINE_MS,
    log: (event: GalleryEvent) => log.info(event, 'gallery'),
  };
  const path = recordsFile(config);
  const serial = () => lastSerial((...page) => outbox.auditPage(...page));
  const gallery = {
    profile: settings.gallery === 'two-stage' ? 'two-stage' : 'exact',
    threads: FACE_THREADS,
  } as const;
  const keeper = new Keeper({
    ...{ source: uplink, models: preparer, clock, log },
    note: event => outbox.record(event),
    idle: async signal => {
      for (let waitedMs = 0; busy() && waitedMs < IDLE_LIMIT_MS; waitedMs += IDLE_LOOK_MS)
        await clock.sleep(IDLE_LOOK_MS, signal);
    },
    startGallery:
      settings.gallery === 'off' ? null : shape => startGallery({ ...shape, ...gallery, ...running }),
    startFingerGallery: settings.fingerGallery ? fill => startFingerGallery({ ...fill, ...running }) : null,
    faceTable: models.cards.find(({ task }) => task === 'face-embedding')?.fmrTable ?? [],
    fpir: settings.fpir,
    syncMs: settings.syncMinutes * MINUTE_MS,
    rotateMs: settings.rotateDays * DAY_MS,
    open: async () => {
      const wrapping = await readWrappingKeys(settings.keyFile);
      const store = { path, wrapping, models: templateModels(models), leastSerial: await serial() };
      return RecordCache.open(store, clock);
    },
    discard: () => discardFile(path),
    wipeClosed: async () => wipeFile(path, await serial()),
  });
  uplink.keeper = keeper;
  uplink.onOnline(online => online && keeper.notice());
  return keeper;
}

/** Names what templates depend on: others make templates that cannot be compared with those that are kept. */
export const templateModels = ({ cards }: Pick<Models, 'cards'>): string =>
  cards
    .filter(({ task }) => TEMPLATE_TASKS.includes(task))
    .map(({ id, sha256 }) => `${id} ${sha256}`)
    .join();

/** Models that templates depend on. */
export const TEMPLATE_TASKS: readonly string[] = [
  'face-detection',
  'face-landmarks',
  'face-embedding',
  'finger-extraction',
];
