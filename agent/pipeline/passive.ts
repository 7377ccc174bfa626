/** What passive networks say of the frames of one face step. They come with an operator's profile; without one there are none. */
import type { Pad } from '../contract/packet.ts';

/** Keeps scores, never frames. */
export class PassiveWatch {
  readonly #scores = new Map<string, number[]>();

  /** @param scores of one frame by the id of the network, 0 (an attack) .. 1 (a living face) */
  add(scores: Readonly<Record<string, number>>): void {
    for (const [model, score] of Object.entries(scores)) {
      const seen = this.#scores.get(model);
      if (seen) seen.push(score);
      else this.#scores.set(model, [score]);
    }
  }

  get found(): Pad['passive'] {
    return [...this.#scores].map(([model, scores]) => ({
      model,
      score: median(scores),
      frames: scores.length,
    }));
  }
}

/** Whether the networks together reach what the operator asks for; true where nothing is asked. */
export function reaches(found: Pad['passive'], threshold: number | null): boolean {
  if (threshold === null) return true;
  // Asked for and not measured is not shown.
  return found.length > 0 && found.reduce((sum, { score }) => sum + score, 0) / found.length >= threshold;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
