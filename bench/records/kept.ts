/** A kiosk's kept records: a file of made-up ones, what keeps them, and a registry that changes one of them. */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { PersonalData } from '../../agent/contract/common.ts';
import type { RecordChange } from '../../agent/contract/sync.ts';
import { systemClock } from '../../agent/ops/clock.ts';
import { createLog } from '../../agent/ops/log.ts';
import { ImageCodec } from '../../agent/packet/imaging.ts';
import { RecordCache } from '../../agent/records/cache/cache.ts';
import type { Change, Claim } from '../../agent/records/cache/types.ts';
import { keepRecords, readWrappingKeys, recordsFile, templateModels } from '../../agent/records/keep.ts';
import type { Keeper } from '../../agent/records/keeper.ts';
import type { ChangeSource, Changes } from '../../agent/records/sync.ts';
import { type Models, startFaceGallery, startFingerGallery, startModels } from '../../models/index.ts';
import type { Profile } from './filled.ts';
import { LENGTH, madeUp } from './people.ts';
import { recordIdOf, SignedLog } from './signed-log.ts';

/** Records of one commit: enough that pages of the file are written seldom, few enough to be small in memory. */
const LOT = 16_384;
const DAY_MS = 86_400_000;
const MODEL_DEADLINE_MS = 60_000;

const PERSON: PersonalData = {
  ...{ surname: 'MADE', givenNames: 'UP', birthDate: '1990-01-02' },
  ...{ sex: 'unspecified', nationality: 'UTO' },
};

export const claimOf = (record: number): Claim => ({
  ...{ nationality: PERSON.nationality, birthDate: PERSON.birthDate },
  ...{ travelDocumentNumber: `D${record}`, residenceCardNumber: null },
});

/** Says when a change arrived at the kiosk: opened and believed, nothing of it done yet. Milliseconds, `performance.now`. */
type Arrival = Promise<number>;

export class KeptRecords implements AsyncDisposable {
  readonly #folder: string;
  readonly #records: number;
  readonly #log: SignedLog;
  readonly #models: Models;
  readonly #codec = new ImageCodec({ deadlineMs: MODEL_DEADLINE_MS });
  #waiting: {
    readonly change: RecordChange;
    readonly picture: Uint8Array;
    arrived(ms: number): void;
  } | null = null;

  private constructor(folder: string, records: number, models: Models) {
    this.#folder = folder;
    this.#records = records;
    this.#log = new SignedLog(records);
    this.#models = models;
  }

  /** Seals so many records into a file: a face, a name, a travel document and a residence card each. */
  static async make(records: number): Promise<KeptRecords> {
    await using starting = new AsyncDisposableStack();
    const models = await startModels({ deadlineMs: MODEL_DEADLINE_MS });
    const folder = await mkdtemp(`${tmpdir()}/vantay-bench-`);
    const kept = starting.use(new KeptRecords(folder, records, models));
    await writeFile(kept.#keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    await kept.#fill();
    starting.move();
    return kept;
  }

  get models(): Models {
    return this.#models;
  }

  get fileBytes(): number {
    return statSync(recordsFile({ stateDir: this.#folder })).size;
  }

  /** What an agent keeps records with; it is stopped. */
  keeper(profile: Profile): Keeper {
    const source: ChangeSource = { requestChanges: async have => this.#answer(have?.version ?? 0) };
    const keeper = keepRecords(
      {
        stateDir: this.#folder,
        records: {
          ...{ keyFile: this.#keyFile, gallery: profile, fingerGallery: false },
          ...{ syncMinutes: 1440, rotateDays: 730, fpir: 0.01 },
        },
      },
      {
        uplink: { ...source, keeper: null, onOnline: () => () => {} },
        outbox: { auditPage: async () => [], record: async () => {} },
        models: this.#models,
        preparer: { finger: this.#models.finger, face: this.#models.face, jpeg2000: this.#codec },
        ...{ startGallery: startFaceGallery, startFingerGallery, busy: () => false },
        ...{ clock: systemClock, log: createLog('silent') },
      },
    );
    if (!keeper) throw new Error('nothing is kept');
    return keeper;
  }

  /** The registry gives a record another portrait, and tells the kiosk. */
  change(record: number, picture: Uint8Array, keeper: Keeper): Arrival {
    const { promise, resolve } = Promise.withResolvers<number>();
    const { travelDocumentNumber } = claimOf(record);
    const change: RecordChange = {
      ...{ recordId: recordIdOf(record), version: this.#log.put(record), state: 'found', expiresAt: null },
      record: {
        ...{ person: PERSON, travelDocumentNumber, residenceCardNumber: null },
        onFile: { face: true, finger: false },
        references: [{ modality: 'face', position: null, blob: 'portrait', ppi: null }],
      },
    };
    this.#waiting = { change, picture, arrived: resolve };
    keeper.notice();
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#codec[Symbol.asyncDispose]();
    await this.#models[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }

  get #keyFile(): string {
    return `${this.#folder}/records.key`;
  }

  async #fill(): Promise<void> {
    const store = {
      ...{ path: recordsFile({ stateDir: this.#folder }), leastSerial: 0 },
      ...{ wrapping: await readWrappingKeys(this.#keyFile), models: templateModels(this.#models) },
    };
    await using cache = await RecordCache.open(store, systemClock);
    const log = this.#log;
    for (const { ids, bytes } of madeUp(0, this.#records, LOT)) {
      const from = log.version;
      const changes = Array.from(ids, (record, at) =>
        this.#madeUp(record, bytes.slice(at * LENGTH, (at + 1) * LENGTH)),
      );
      const root = log.version === this.#records ? log.root() : null;
      const { epoch, version } = log;
      await cache.apply({ epoch, from, version, changes, root, freshUntilMs: Date.now() + DAY_MS });
    }
  }

  #madeUp(record: number, face: Int8Array): Change {
    const { travelDocumentNumber } = claimOf(record);
    return {
      kind: 'put',
      record: {
        ...{ recordId: recordIdOf(record), version: this.#log.put(record), state: 'found' },
        ...{ expiresAtMs: null, person: PERSON, travelDocumentNumber, residenceCardNumber: `C${record}` },
        ...{ onFile: { face: true, finger: false }, face },
        references: { faces: [Float32Array.from(face)], fingers: [] },
      },
    };
  }

  /** A page of what changed since, as it would have been opened and believed. */
  #answer(from: number): Awaited<ReturnType<ChangeSource['requestChanges']>> {
    const waiting = this.#waiting;
    this.#waiting = null;
    const answer: Changes = {
      epoch: Buffer.from(this.#log.epoch).toString('base64url'),
      ...{ from, version: this.#log.version, root: this.#log.root() },
      changes: waiting ? [waiting.change] : [],
      freshUntil: new Date(Date.now() + DAY_MS).toISOString(),
    };
    const blobs = new Map(waiting ? [['portrait', waiting.picture]] : []);
    waiting?.arrived(performance.now());
    return { kind: 'answer', answer, blobs };
  }
}
