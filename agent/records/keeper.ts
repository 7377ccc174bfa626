/** Keeps records for as long as the agent runs: opens them, has them synchronised, and gives up what is not to be believed. */
import type { FaceGallery, FmrPoint } from '../../models/index.ts';
import type { AuditEvent } from '../contract/audit.ts';
import type { Health } from '../contract/uplink.ts';
import type { Clock } from '../ops/clock.ts';
import { entryOf } from '../ops/errors.ts';
import type { Log } from '../ops/log.ts';
import type { RecordsCommand, RecordsKeeper } from '../uplink/uplink.ts';
import type { RecordCache } from './cache/cache.ts';
import { CacheError, isBroken } from './cache/errors.ts';
import {
  type CacheStatus,
  type Claim,
  type Effect,
  type Found,
  type KeptRecord,
  momentOf,
  removal,
} from './cache/types.ts';
import { FaceIndex, type StartGallery } from './face-index.ts';
import { FingerIndex, type StartFingerGallery } from './finger-index.ts';
import type { FoundRecord, Found as FoundRecords, Known, Probe } from './known.ts';
import type { KeptSource } from './lookup.ts';
import { likeliest } from './search.ts';
import { type SyncOptions, synchronise } from './sync.ts';

export interface KeeperOptions extends Pick<SyncOptions, 'source' | 'models' | 'idle'> {
  /** @throws CacheError */
  open(): Promise<RecordCache>;
  /** Deletes what cannot be believed. */
  discard(): void;
  /** Wipes a file that cannot be opened. @returns its serial */
  wipeClosed(): Promise<number>;
  /** Null where faces are not to be searched. */
  readonly startGallery: StartGallery | null;
  /** Null where fingers are not to be searched. */
  readonly startFingerGallery: StartFingerGallery | null;
  /** FMR of the face embedding, from its card. */
  readonly faceTable: readonly FmrPoint[];
  /** Writes into the audit chain. */
  note(event: AuditEvent): Promise<void>;
  /** FPIR asked of a search among what is kept, 0..1. */
  readonly fpir: number;
  readonly syncMs: number;
  readonly rotateMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Longest a search may hold a visit up, in milliseconds. */
const SEARCH_LIMIT_MS = 5_000;
/** After a failure to open, in milliseconds. */
const REOPEN_MS = 30_000;
/** Between two looks at what has expired and how old the key is, in milliseconds. */
const TEND_MS = 60_000;
/** Between two batches that are sealed anew, in milliseconds: lookups and changes come in between. */
const BATCH_PAUSE_MS = 5;
/** Least time between two questions to the registry, in milliseconds: anybody may say that there are changes. */
const NOTICE_PAUSE_MS = 250;

interface Open {
  readonly cache: RecordCache;
  readonly faces: FaceIndex | null;
  readonly fingers: FingerIndex | null;
  /** Ends this life of the records. */
  fail(error: unknown): void;
}

/** Ends a life of the records so that the next begins with none of it in memory. */
class Wiped extends Error {}

export class Keeper implements RecordsKeeper, KeptSource, Known, AsyncDisposable {
  readonly place = 'kiosk';
  readonly limitMs = SEARCH_LIMIT_MS;
  readonly fpir: number;
  readonly #options: KeeperOptions;
  readonly #stopping = new AbortController();
  #living: Promise<void> = Promise.resolve();
  #open: Open | null = null;
  /** Why nothing is open. */
  #code: string | null = null;
  #notedRoot: string | null = null;
  #wake = Promise.withResolvers<void>();
  #tend = Promise.withResolvers<void>();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.fpir = options.fpir;
  }

  start(): void {
    this.#living = this.#live(this.#stopping.signal);
  }

  async find(claim: Claim): Promise<Found | null> {
    return this.#ask(cache => cache.find(claim));
  }

  /** The record of a candidate of the gallery; null where it is gone. */
  async at(row: number): Promise<KeptRecord | null> {
    return this.#ask(cache => cache.at(row));
  }

  /** Null while it cannot be searched. */
  get gallery(): FaceGallery | null {
    return this.#open?.faces?.gallery ?? null;
  }

  /** Null also while not everything is here, or may not be used any more: a search among a part would say too much. */
  async search(probe: Probe, wanted: number, signal: AbortSignal): Promise<FoundRecords | null> {
    const status = await this.#ask(cache => cache.status());
    if (!status?.complete || this.#options.clock.now().getTime() >= status.freshUntilMs) return null;
    const { faces, fingers } = this.#open ?? {};
    const { faceTable } = this.#options;
    const galleries = { faces: faces?.gallery ?? null, fingers: fingers?.gallery ?? null, faceTable };
    const likely = await likeliest(galleries, probe, wanted, signal);
    if (!likely) return null;
    const { rows, ...found } = likely;
    const records: FoundRecord[] = [];
    for (const row of rows) {
      const record = await this.at(row);
      if (record) records.push(record);
    }
    return { ...found, records };
  }

  notice(): void {
    this.#wake.resolve();
  }

  async command(name: RecordsCommand): Promise<void> {
    const open = this.#open;
    if (name === 'wipe-records') return this.#wipe(open);
    if (!open) throw new CacheError('RECORDS_CLOSED', 'the records are not open');
    if (name === 'rotate-records-key') {
      await open.cache.rotate();
      this.#tend.resolve();
      return;
    }
    await open.cache.allow();
    this.notice();
  }

  async health(): Promise<NonNullable<Health['records']>> {
    const status = await this.#ask(cache => cache.status());
    const gallery = { faces: this.#searchable('faces'), fingers: this.#searchable('fingers') };
    if (!status) return { ...NOTHING, gallery, code: this.#code };
    const { state, records, version, complete, toSealAnew, freshUntilMs, syncedAtMs } = status;
    return {
      ...{ state, records, version, complete, toSealAnew, code: null },
      freshUntil: momentOf(freshUntilMs),
      syncedAt: momentOf(syncedAtMs),
      gallery,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the agent stops'));
    await this.#living;
  }

  #searchable(what: 'faces' | 'fingers'): NonNullable<Health['records']>['gallery'][typeof what] {
    const { startGallery, startFingerGallery } = this.#options;
    if (!(what === 'faces' ? startGallery : startFingerGallery)) return 'off';
    return this.#open?.[what]?.gallery ? 'ready' : 'not_ready';
  }

  /** Asks what is open; a failure is nothing found, and where it cannot be believed any more it is given up. */
  async #ask<T>(question: (cache: RecordCache) => Promise<T>): Promise<T | null> {
    const open = this.#open;
    if (!open) return null;
    try {
      return await question(open.cache);
    } catch (error) {
      if (isBroken(error)) open.fail(error);
      return null;
    }
  }

  async #wipe(open: Open | null): Promise<void> {
    await open?.cache.wipe();
    const serial = open ? (await open.cache.status()).serial : await this.#options.wipeClosed();
    await this.#options.note({ event: 'records_wiped', serial });
    open?.fail(new Wiped());
  }

  async #live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#liveOnce(signal);
      } catch (error) {
        this.#open = null;
        if (!signal.aborted) await this.#recover(error, signal).catch(() => undefined);
      }
    }
  }

  async #liveOnce(signal: AbortSignal): Promise<void> {
    await using cache = await this.#options.open();
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    const { startGallery, startFingerGallery } = this.#options;
    const fail = failed.reject;
    await using faces = startGallery && new FaceIndex(cache, startGallery, fail);
    await using fingers = startFingerGallery && new FingerIndex(cache, startFingerGallery, fail);
    this.#open = { cache, faces, fingers, fail };
    this.#code = null;
    const life = new AbortController();
    const both = AbortSignal.any([signal, life.signal]);
    const work = [this.#keepSynchronised(this.#open, both), this.#keepTended(this.#open, both)];
    try {
      await Promise.race([failed.promise, ...work]);
    } finally {
      this.#open = null;
      life.abort(new Error('the records are closed'));
      await Promise.allSettled(work);
    }
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { log, note, clock, discard } = this.#options;
    const { code, remedy } = entryOf(error);
    if (error instanceof Wiped || code === 'RECORDS_WIPED') return;
    this.#code = code;
    log.error({ code, remedy }, 'the kept records');
    if (!isBroken(error)) return clock.sleep(REOPEN_MS, signal);
    // First the word, then the deed: what was found is not to be lost with what it was found in.
    await note({ event: 'records_refused', code: error.code });
    discard();
  }

  async #keepSynchronised(open: Open, signal: AbortSignal): Promise<never> {
    const { syncMs, clock, log } = this.#options;
    if ((await open.cache.status()).state === 'ready')
      await Promise.all([open.faces?.open(), open.fingers?.open()]);
    for (;;) {
      this.#wake = Promise.withResolvers();
      try {
        const status = await open.cache.status();
        if (status.state === 'ready') await this.#synchroniseOnce(open, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isBroken(error)) throw error;
        log.warn({ code: entryOf(error).code }, 'the kept records are not synchronised');
      }
      await clock.sleep(NOTICE_PAUSE_MS, signal);
      await this.#sleep(syncMs, this.#wake.promise, signal);
    }
  }

  async #synchroniseOnce(open: Open, signal: AbortSignal): Promise<void> {
    const { source, models, idle, log } = this.#options;
    const status = await synchronise(
      { cache: open.cache, source, models, idle, changed: effect => changed(open, effect) },
      signal,
    );
    if (status?.state !== 'ready' || status.root === this.#notedRoot) return;
    await this.#options.note(synchronised(status));
    this.#notedRoot = status.root;
    log.info({ records: status.records, version: status.version }, 'records are as the registry has them');
  }

  /** What has expired goes, and everything is sealed under a key that is not too old. */
  async #keepTended(open: Open, signal: AbortSignal): Promise<never> {
    const { rotateMs, clock } = this.#options;
    for (;;) {
      this.#tend = Promise.withResolvers();
      const { state, keyMadeAtMs } = await open.cache.status();
      if (state === 'ready') {
        const removed = await open.cache.expire();
        if (removed.length > 0) await changed(open, removal(removed));
        if (clock.now().getTime() - keyMadeAtMs > rotateMs) await open.cache.rotate();
        while (await open.cache.sealAnew()) await clock.sleep(BATCH_PAUSE_MS, signal);
      }
      await this.#sleep(TEND_MS, this.#tend.promise, signal);
    }
  }

  /** Sleeps until a word comes, or the time is over. */
  async #sleep(ms: number, word: Promise<void>, signal: AbortSignal): Promise<void> {
    const heard = new AbortController();
    const either = AbortSignal.any([signal, heard.signal]);
    void word.then(() => heard.abort());
    await this.#options.clock.sleep(ms, either).catch(() => signal.throwIfAborted());
  }
}

const changed = async ({ faces, fingers }: Open, effect: Effect): Promise<void> => {
  await Promise.all([faces?.change(effect), fingers?.change(effect)]);
};

const NOTHING = {
  state: 'closed',
  records: 0,
  version: 0,
  complete: false,
  freshUntil: null,
  syncedAt: null,
  toSealAnew: 0,
} as const;

const synchronised = ({ serial, version, root, records }: CacheStatus): AuditEvent => ({
  event: 'records_synchronised',
  ...{ serial, version, root, records },
});
