import type { ScoredPair } from './rates.ts';

/**
 * Who is in each image, from what a pair list says: images joined by genuine pairs show one subject, named after one of
 * them; an image in no genuine pair is a subject of its own.
 */
export function subjectsOf(
  pairs: readonly { readonly a: string; readonly b: string; readonly same: boolean }[],
): Map<string, string> {
  const parents = new Map<string, string>();
  const find = (path: string): string => {
    let root = path;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root))
      root = next;
    parents.set(path, root);
    return root;
  };
  for (const { a, b, same } of pairs) {
    const [rootA, rootB] = [find(a), find(b)];
    if (same) parents.set(rootB, rootA);
  }
  return new Map([...parents.keys()].map(path => [path, find(path)]));
}

/** A small seeded generator, 0..1: the same scores give the same intervals. Park and Miller (1988). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/**
 * The bootstrap over subjects: each draw takes as many subjects as there are, with replacement, and holds each comparison as
 * often as its subjects came up, by rising score. Comparisons of one subject hang together, so drawing comparisons would
 * promise too much.
 */
export function resampleSubjects<Pair extends ScoredPair>(pairs: readonly Pair[], draws: number): Pair[][] {
  const sorted = [...pairs].sort((a, b) => a.score - b.score);
  const subjects = [...new Set(sorted.flatMap(({ subjectA, subjectB }) => [subjectA, subjectB]))];
  const random = randomFrom(1);
  return Array.from({ length: draws }, () => {
    const times = new Map<string, number>();
    for (let i = 0; i < subjects.length; i++) {
      const subject = subjects[Math.floor(random() * subjects.length)]!;
      times.set(subject, (times.get(subject) ?? 0) + 1);
    }
    return sorted.flatMap(pair => {
      const first = times.get(pair.subjectA) ?? 0;
      const count = pair.subjectA === pair.subjectB ? first : first * (times.get(pair.subjectB) ?? 0);
      return count === 0 ? [] : Array.from({ length: count }, () => pair);
    });
  });
}
