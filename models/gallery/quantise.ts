/** Embeddings as bytes: what a gallery holds, and what it is asked with. */
import { ModelError } from '../error.ts';

/**
 * Longest embedding a gallery takes: with it a sum of products is at most 63 * 127 * 2048 = 16,386,048, which a 32-bit
 * float still holds exactly (2^24).
 */
const MAX_LENGTH = 2048;
/** Bytes end at so many standard deviations of a unit vector's values; what lies beyond is cut. */
const ROW_SIGMAS = 5;
const ROW_STEPS = 127;
/** A probe has 7 bits: on processors without VNNI two products are summed in 16, and 2 * 63 * 127 fits there. */
const PROBE_STEPS = 63;
export const PROBE_ZERO = 64;

/** One probe: levels 1..127 around {@link PROBE_ZERO}, and how much cosine one unit of a sum of products is. */
export interface QuantisedProbe {
  readonly levels: Uint8Array;
  readonly cosineAUnit: number;
}

/**
 * An embedding as a gallery keeps it: its direction, a signed byte a value, one scale for all rows of that length.
 * @throws ModelError MODEL_INPUT for no values or too many, a value that is not finite, or zeros alone
 */
export function galleryRow(embedding: Float32Array): Int8Array {
  const norm = normOf(embedding);
  const perUnit = ROW_STEPS / rowLimit(embedding.length);
  return Int8Array.from(embedding, value =>
    Math.max(-ROW_STEPS, Math.min(ROW_STEPS, Math.round((value / norm) * perUnit))),
  );
}

/** An embedding to search with; its own largest value sets its scale. Errors as {@link galleryRow}. */
export function quantiseProbe(embedding: Float32Array): QuantisedProbe {
  const norm = normOf(embedding);
  const largest = embedding.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const levels = Uint8Array.from(
    embedding,
    value => PROBE_ZERO + Math.round((value / largest) * PROBE_STEPS),
  );
  const cosineAUnit = (largest / norm / PROBE_STEPS) * (rowLimit(embedding.length) / ROW_STEPS);
  return { levels, cosineAUnit };
}

const rowLimit = (length: number): number => ROW_SIGMAS / Math.sqrt(length);

function normOf(embedding: Float32Array): number {
  if (embedding.length === 0 || embedding.length > MAX_LENGTH)
    throw new ModelError('MODEL_INPUT', `a gallery takes embeddings of 1 to ${MAX_LENGTH} values`);
  const norm = Math.sqrt(embedding.reduce((sum, value) => sum + value * value, 0));
  if (!(norm > 0) || !Number.isFinite(norm))
    throw new ModelError('MODEL_INPUT', 'an embedding of zeros or of no finite values has no direction');
  return norm;
}
