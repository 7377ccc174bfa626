import { galleryRow, PROBE_ZERO, quantiseProbe } from '../gallery/quantise.ts';

/** What a gallery's bytes do to the embeddings of a network: its values may be spread otherwise than those of another. */
export interface Quantisation {
  /** Share of the values that lie beyond the last byte and are cut, 0..1. */
  readonly cut: number;
  /** The largest and the mean change of a cosine between two of the embeddings. */
  readonly largestChange: number;
  readonly meanChange: number;
}

const LAST = 127;
/** Neighbours in the list that each embedding is compared with. */
const COMPARED = 8;

export function quantisationOf(embeddings: readonly Float32Array[]): Quantisation {
  const rows = embeddings.map(galleryRow);
  const values = rows.reduce((sum, row) => sum + row.length, 0);
  const cut = rows.reduce((sum, row) => sum + row.filter(value => Math.abs(value) === LAST).length, 0);
  const changes = embeddings.flatMap((probe, at) => {
    const { levels, cosineAUnit } = quantiseProbe(probe);
    return rows.slice(at + 1, at + 1 + COMPARED).map((row, next) => {
      const sum = row.reduce((dot, value, k) => dot + value * (levels[k]! - PROBE_ZERO), 0);
      return Math.abs(sum * cosineAUnit - cosine(probe, embeddings[at + 1 + next]!));
    });
  });
  return {
    cut: values ? cut / values : 0,
    largestChange: Math.max(0, ...changes),
    meanChange: changes.reduce((sum, change) => sum + change, 0) / Math.max(1, changes.length),
  };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, ofA, ofB] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    dot += a[at]! * b[at]!;
    ofA += a[at]! ** 2;
    ofB += b[at]! ** 2;
  }
  return dot / Math.sqrt(ofA * ofB);
}
