/** Keeps what is kept as the registry has it: page after page, each durable before the next is asked for. */
import { galleryRow } from '../../models/index.ts';
import type { RecordChange, SyncAnswer, SyncRequest } from '../contract/sync.ts';
import type { RecordCache } from './cache/cache.ts';
import { CacheError } from './cache/errors.ts';
import {
  type CacheStatus,
  type Change,
  type Effect,
  type KeptRecord,
  type Page,
  removal,
} from './cache/types.ts';
import { imagesOf, type Preparer, prepareReferences } from './prepare.ts';

/** What an answer says, without how it came. */
export type Changes = Pick<SyncAnswer, 'epoch' | 'from' | 'version' | 'changes' | 'root' | 'freshUntil'>;

/** Who asks the registry; never rejects because of the network. */
export interface ChangeSource {
  requestChanges(
    have: SyncRequest['have'],
    signal: AbortSignal,
  ): Promise<
    | {
        readonly kind: 'answer';
        readonly answer: Changes;
        readonly blobs: ReadonlyMap<string, Uint8Array>;
      }
    | { readonly kind: 'unavailable'; readonly reason: string }
  >;
}

export interface SyncOptions {
  readonly cache: Pick<RecordCache, 'status' | 'apply' | 'restart'>;
  readonly source: ChangeSource;
  readonly models: Preparer;
  /** Waits while somebody stands at the kiosk: templates are made by the models that a visit needs. */
  idle(signal: AbortSignal): Promise<void>;
  /** Told of what a gallery has to change, after it is durable. */
  changed(effect: Effect): Promise<void>;
}

/**
 * Asks for changes until the registry has no more.
 * @returns what is kept then; null when the registry cannot be asked
 * @throws CacheError; ModelError when the models fail for good; the abort reason
 */
export async function synchronise(options: SyncOptions, signal: AbortSignal): Promise<CacheStatus | null> {
  const { cache, source } = options;
  // Once: a registry that contradicts itself must not keep this kiosk fetching everything for ever.
  let mayRestart = true;
  for (;;) {
    const { epoch, version } = await cache.status();
    const reply = await source.requestChanges(epoch === null ? null : { epoch, version }, signal);
    if (reply.kind === 'unavailable') return null;
    const page = await pageOf(reply.answer, reply.blobs, options, signal);
    try {
      if (page.root === null && page.version <= page.from)
        throw new CacheError('RECORDS_SYNC_GAP', 'a page that leads nowhere');
      await options.changed(await cache.apply(page));
    } catch (error) {
      if (!contradicts(error) || !mayRestart) throw error;
      mayRestart = false;
      await options.changed(removal(await cache.restart()));
      continue;
    }
    if (page.root !== null) return cache.status();
  }
}

const contradicts = (error: unknown): boolean =>
  error instanceof CacheError && ['RECORDS_SYNC_GAP', 'RECORDS_SYNC_MISMATCH'].includes(error.code);

async function pageOf(
  answer: Changes,
  blobs: ReadonlyMap<string, Uint8Array>,
  { models, idle }: SyncOptions,
  signal: AbortSignal,
): Promise<Page> {
  const changes: Change[] = [];
  for (const change of answer.changes) {
    await idle(signal);
    changes.push(await changeOf(change, blobs, models, signal));
  }
  const { from, version, root } = answer;
  const freshUntilMs = Date.parse(answer.freshUntil);
  return { epoch: Buffer.from(answer.epoch, 'base64url'), from, version, changes, root, freshUntilMs };
}

async function changeOf(
  { recordId, version, state, expiresAt, record }: RecordChange,
  blobs: ReadonlyMap<string, Uint8Array>,
  models: Preparer,
  signal: AbortSignal,
): Promise<Change> {
  if (state === 'revoked' || !record) return { kind: 'revoke', recordId, version };
  const { references: described, ...known } = record;
  const references = await prepareReferences(models, imagesOf(described, blobs), signal);
  const expiresAtMs = expiresAt === null ? null : Date.parse(expiresAt);
  const kept: KeptRecord = {
    ...known,
    ...{ recordId, version, state, expiresAtMs, references },
    face: faceRow(references.faces),
  };
  return { kind: 'put', record: kept };
}

/** One row for all portraits of a person: the mean of their directions. */
function faceRow(embeddings: readonly Float32Array[]): Int8Array | null {
  const [first] = embeddings;
  if (!first) return null;
  const mean = new Float32Array(first.length);
  for (const embedding of embeddings) {
    const norm = Math.hypot(...embedding);
    for (const [at, value] of embedding.entries()) mean[at]! += value / norm;
  }
  return galleryRow(mean);
}
