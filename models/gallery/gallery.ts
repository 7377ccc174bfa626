import { ModelError } from '../error.ts';
import type { Graph } from '../runtime.ts';
import { Best } from './best.ts';
import type { Block, Rows } from './block.ts';
import { Delta, type DeltaShape, loadDeltaGraph } from './delta.ts';
import { quantiseProbe } from './quantise.ts';
import { type Builder, rebuilt } from './rebuild.ts';
import { ResidentBlock } from './resident.ts';
import { startScanners } from './scanners.ts';
import { checkTwoStage, TwoStageBlock } from './two-stage.ts';
import type { FaceSearch, GalleryShape } from './types.ts';

/** Rows of a block: what is rebuilt at once, 64 MB with embeddings of 512 values. */
export const SEGMENT_ROWS = 131_072;
/** Rows of the delta: 2 MB with embeddings of 512 values, little beside what a search reads anyway. */
const DELTA_ROWS = 4096;
/** A block with fewer rows alive than this share of its room is joined with others when blocks are rebuilt. */
const LOOSE = 0.75;
/** Most candidates of one search. */
const MAX_WANTED = 1000;

interface Sizes {
  readonly segmentRows: number;
  readonly deltaRows: number;
}

/**
 * Opens an empty gallery of faces in this process, which every search blocks: for a process of its own.
 * @throws ModelError MODEL_INPUT for a length the profile is not for, MODEL_INVALID
 */
export async function openLocalGallery(
  { length, profile, threads = 1 }: GalleryShape,
  { segmentRows = SEGMENT_ROWS, deltaRows = DELTA_ROWS }: Partial<Sizes> = {},
): Promise<LocalGallery> {
  quantiseProbe(new Float32Array(length).fill(1));
  const deltaShape = { length, count: deltaRows };
  const deltaGraph = await loadDeltaGraph(deltaShape, threads);
  if (profile === 'exact') {
    const build = (rows: Rows) => ResidentBlock.build(rows, length, threads);
    return new LocalGallery(deltaGraph, deltaShape, { length, segmentRows, build, close: async () => {} });
  }
  checkTwoStage(length);
  const scanners = await startScanners(threads);
  const build = (rows: Rows) => TwoStageBlock.build(rows, length, scanners);
  const close = async () => scanners[Symbol.asyncDispose]();
  return new LocalGallery(deltaGraph, deltaShape, { length, segmentRows, build, close });
}

/**
 * Finished blocks, and a delta for what came since. Changes and searches take turns, so a search sees each change as a
 * whole; blocks are rebuilt between turns and change places in one.
 */
export class LocalGallery implements AsyncDisposable {
  readonly #deltaGraph: Graph;
  readonly #deltaShape: DeltaShape;
  readonly #builder: Builder;
  #delta: Delta;
  #finished: readonly Block[] = [];
  #lastTurn: Promise<unknown> = Promise.resolve();
  #lastRebuild: Promise<void> = Promise.resolve();
  #rebuildWaits = false;

  constructor(deltaGraph: Graph, deltaShape: DeltaShape, builder: Builder) {
    this.#deltaGraph = deltaGraph;
    this.#deltaShape = deltaShape;
    this.#builder = builder;
    this.#delta = new Delta(deltaGraph, deltaShape);
  }

  /** Records that a search looks through. */
  get size(): number {
    return this.#blocks.reduce((sum, block) => sum + block.living, 0);
  }

  /** Blocks beside the delta. */
  get finishedBlocks(): number {
    return this.#finished.length;
  }

  /**
   * Adds records, or replaces their rows; the next search finds them. Many at once become finished blocks at once.
   * @throws ModelError MODEL_INPUT for rows of another length; MODEL_INVALID
   */
  async put(rows: Rows): Promise<void> {
    if (rows.bytes.length !== rows.ids.length * this.#builder.length)
      throw new ModelError('MODEL_INPUT', `a row of this gallery has ${this.#builder.length} bytes`);
    if (rows.ids.length > this.#deltaShape.count / 2) return this.#rebuild(rows);
    while (!(await this.#inTurn(async () => this.#putInDelta(rows)))) await this.#rebuild();
    this.#rebuildWhenWorn();
  }

  /** Removes records; how many of them there were. */
  async remove(ids: Uint32Array): Promise<number> {
    const removed = await this.#inTurn(async () => ids.filter(id => this.#kill(id)).length);
    this.#rebuildWhenWorn();
    return removed;
  }

  /**
   * The likeliest records for each probe: best first, of equals the lower id.
   * @param wanted candidates for each probe, 1..1000
   * @throws ModelError MODEL_INPUT for a probe of another length, without direction or not finite
   */
  async search(probes: readonly Float32Array[], wanted: number): Promise<FaceSearch> {
    if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= MAX_WANTED))
      throw new ModelError('MODEL_INPUT', `a search gives 1 to ${MAX_WANTED} candidates`);
    const { length } = this.#builder;
    if (probes.some(probe => probe.length !== length))
      throw new ModelError('MODEL_INPUT', `this gallery is for embeddings of ${length} values`);
    if (probes.length === 0) return { size: this.size, candidates: [] };
    const quantised = probes.map(quantiseProbe);
    const levels = new Uint8Array(Buffer.concat(quantised.map(probe => probe.levels)));
    const best = probes.map(() => new Best(wanted));
    const size = await this.#inTurn(async () => {
      const living = this.#blocks.filter(block => block.living > 0);
      await Promise.all(living.map(block => block.search({ levels, count: probes.length }, wanted, best)));
      return this.size;
    });
    const candidates = best.map(({ hits }, probe) =>
      hits.map(({ id, sum }) => ({ id, score: clamped(sum * quantised[probe]!.cosineAUnit) })),
    );
    return { size, candidates };
  }

  /** Resolves once nothing is being rebuilt. @throws what the last rebuild failed with */
  settled(): Promise<void> {
    return this.#lastRebuild;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lastRebuild.catch(() => {});
    await this.#inTurn(async () => {
      for (const block of this.#blocks) await block.release();
      this.#finished = [];
      await this.#deltaGraph.release();
      await this.#builder.close();
    });
  }

  get #blocks(): readonly Block[] {
    return [...this.#finished, this.#delta];
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }

  #kill(id: number): boolean {
    return this.#blocks.some(block => block.kill(id));
  }

  #putInDelta({ ids, bytes }: Rows): boolean {
    if (ids.length > this.#delta.free) return false;
    const { length } = this.#builder;
    ids.forEach((id, at) => {
      this.#kill(id);
      this.#delta.add(id, bytes.subarray(at * length, (at + 1) * length));
    });
    return true;
  }

  #rebuildWhenWorn(): void {
    const full = this.#delta.used >= this.#deltaShape.count / 2;
    const worn = this.#finished.some(block => block.living < block.ids.length * LOOSE);
    if ((!full && !worn) || this.#rebuildWaits) return;
    this.#rebuildWaits = true;
    // Whoever needs its room next, or waits for it to settle, is told of a failure; the old blocks go on.
    this.#rebuild().catch(() => {});
  }

  #rebuild(added?: Rows): Promise<void> {
    const next = this.#lastRebuild.catch(() => {}).then(() => this.#rebuildNow(added));
    this.#lastRebuild = next;
    return next;
  }

  async #rebuildNow(added: Rows | undefined): Promise<void> {
    this.#rebuildWaits = false;
    const old = await this.#inTurn(async () => this.#takeLoose());
    const fresh = await rebuilt(old, added, this.#builder);
    await this.#inTurn(async () => {
      const died = fresh.died();
      for (const id of added?.ids ?? []) this.#kill(id);
      this.#finished = [...this.#finished.filter(block => !old.includes(block)), ...fresh.blocks];
      for (const id of died) for (const block of fresh.blocks) block.kill(id);
      for (const block of old) await block.release();
    });
  }

  /** The blocks to join: the delta, which another follows, and finished ones with much room, up to two segments of rows. */
  #takeLoose(): Block[] {
    if (this.#delta.used > 0) {
      this.#finished = [...this.#finished, this.#delta];
      this.#delta = new Delta(this.#deltaGraph, this.#deltaShape);
    }
    const { segmentRows } = this.#builder;
    let rows = 0;
    return this.#finished
      .filter(block => block.living <= segmentRows * LOOSE)
      .sort((a, b) => a.living - b.living)
      .filter(block => {
        rows += block.living;
        return rows <= 2 * segmentRows;
      });
  }
}

/** A cosine of bytes may pass 1 by what they were rounded. */
const clamped = (cosine: number): number => Math.max(-1, Math.min(1, cosine));
