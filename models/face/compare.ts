import { ModelError } from '../error.ts';

/**
 * Cosine of two embeddings of `length` values, -1..1: the higher, the more alike.
 * @throws ModelError MODEL_INPUT for a vector of another length, with a value that is not finite, or of zeros. Such a
 * vector is a capture that failed, which has no score.
 */
export function compare(a: Float32Array, b: Float32Array, length: number): number {
  if (a.length !== length || b.length !== length) {
    throw new ModelError(
      'MODEL_INPUT',
      `embeddings of ${a.length} and ${b.length} values cannot be compared`,
    );
  }
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  const norms = Math.sqrt(aa) * Math.sqrt(bb);
  if (!(norms > 0) || !Number.isFinite(norms) || !Number.isFinite(dot)) {
    throw new ModelError('MODEL_INPUT', 'an embedding of zeros or of no finite values cannot be compared');
  }
  return Math.max(-1, Math.min(1, dot / norms));
}
