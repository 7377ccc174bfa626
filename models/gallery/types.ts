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

export interface GalleryOptions extends GalleryShape {
  readonly fill: Fill;
  /** Longest time one call may run, in milliseconds, waiting excluded. Laying out a block takes seconds. */
  readonly deadlineMs: number;
  readonly startDeadlineMs?: number;
  readonly log?: (event: GalleryEvent) => void;
}

export type GalleryEvent =
  | ModelsEvent
  | { readonly event: 'gallery_filled'; readonly size: number; readonly tookMs: number }
  | { readonly event: 'gallery_not_filled'; readonly code: string; readonly retryInMs: number };
