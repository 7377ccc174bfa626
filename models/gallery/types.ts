import type { CallOptions, ModelsEvent, ModelsHealth } from '../models.ts';
import type { Rows } from './block.ts';

/** What a gallery of faces is for. */
export interface GalleryShape {
  /** Values of an embedding, 1..2048. */
  readonly length: number;
  /** exact: every record is scored. two-stage: the few whose signs are nearest are; faster, and may miss. */
  readonly profile: 'exact' | 'two-stage';
  /** Threads of a search, 1 unless given. */
  readonly threads?: number;
}

/** A record that a probe may be of. Never an identity by itself: see `fpirOf`. */
export interface FaceCandidate {
  /** The record, as given to `put`. */
  readonly id: number;
  /** Cosine, -1..1, of the bytes that probe and row were made into. */
  readonly score: number;
}

export interface FaceSearch {
  /** Records that were looked through. */
  readonly size: number;
  /** For each probe the likeliest records, best first, of equals the lower id. */
  readonly candidates: readonly (readonly FaceCandidate[])[];
}

/**
 * Faces of many records, in a process of their own with the lowest priority. Nothing of it is on a disk: whenever the
 * process starts, `fill` gives it all records again, and until then a search is refused rather than answered in part.
 *
 * Calls reject with ModelError: MODEL_INPUT, MODEL_BUSY (it is being filled, or two calls wait already), MODEL_TIMEOUT,
 * MODEL_CRASHED.
 */
export interface FaceGallery extends AsyncDisposable {
  readonly health: ModelsHealth & { readonly filled: boolean };
  /** Adds records, or replaces their rows (see `galleryRow`); the next search finds them. */
  put(rows: Rows, options?: CallOptions): Promise<void>;
  /** Removes records; how many of them there were. */
  remove(ids: Uint32Array, options?: CallOptions): Promise<number>;
  /** @param wanted candidates for each probe, 1..1000 */
  search(probes: readonly Float32Array[], wanted: number, options?: CallOptions): Promise<FaceSearch>;
}

/** All records, some thousand at a time: what a message carries holds up whoever sends it. */
export type Fill = (signal: AbortSignal) => AsyncIterable<Rows> | Iterable<Rows>;

interface FilledOptions {
  /** Longest time one call may run, in milliseconds, waiting excluded. Laying out a block takes seconds. */
  readonly deadlineMs: number;
  readonly startDeadlineMs?: number;
  readonly log?: (event: GalleryEvent) => void;
}

export interface GalleryOptions extends GalleryShape, FilledOptions {
  readonly fill: Fill;
}

/** A record's prints: any number, of any fingers, as templates of `FingerService.extract`. */
export interface FingerRecord {
  readonly id: number;
  readonly templates: readonly Uint8Array[];
}

/** A record that the probe's fingers may be of. Never an identity by itself. */
export interface FingerCandidate {
  readonly id: number;
  /** What the order goes by: decades of all fingers together, beyond what was measured by extension (see `evidenceOf`). */
  readonly evidence: number;
  /** -log10 of how often fingers of another person would do as well, as `fuseFingers` has it. */
  readonly score: number;
  /** Probes that had anything to be compared with. */
  readonly fingers: number;
  /** How often a search for somebody who is in no record gives a candidate like this (FPIR, ISO/IEC 19795-1). */
  readonly fpir: number;
  /** The card has measured nothing that strict: the rate is `fpir` at most, and may be far lower. */
  readonly fpirIsBound: boolean;
}

export interface FingerSearch {
  /** Records that were looked through, and their prints. */
  readonly size: number;
  readonly prints: number;
  /** The likeliest records, best first, of equals the lower id. */
  readonly candidates: readonly FingerCandidate[];
}

/** Fingers of many records, in a process of their own; as {@link FaceGallery}. Takes 5 KB a print as a rule, 6.5 KB at most. */
export interface FingerGallery extends AsyncDisposable {
  readonly health: ModelsHealth & { readonly filled: boolean };
  /** Adds records, or replaces all prints of those that are there; the next search finds them. */
  put(records: readonly FingerRecord[], options?: CallOptions): Promise<void>;
  /** Removes records; how many of them there were. */
  remove(ids: Uint32Array, options?: CallOptions): Promise<number>;
  /**
   * @param probes a template for each finger of one person, whichever fingers they are
   * @param wanted candidates, 1..1000
   */
  search(
    probes: readonly Uint8Array[],
    wanted: number,
    options?: CallOptions & {
      /** Records to compare in any case, such as those that a face found. */
      readonly among?: Uint32Array;
    },
  ): Promise<FingerSearch>;
}

export interface FingerGalleryOptions extends FilledOptions {
  /** All records, some hundred at a time. */
  readonly fill: (
    signal: AbortSignal,
  ) => AsyncIterable<readonly FingerRecord[]> | Iterable<readonly FingerRecord[]>;
  /** Threads of a search, 1 unless given. */
  readonly threads?: number;
}

export type GalleryEvent =
  | ModelsEvent
  | { readonly event: 'gallery_filled'; readonly size: number; readonly tookMs: number }
  | { readonly event: 'gallery_not_filled'; readonly code: string; readonly retryInMs: number };
