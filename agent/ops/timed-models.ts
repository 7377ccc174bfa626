import type { Models } from '../../models/index.ts';

type Listener = (call: string, ms: number) => void;

/** Models whose calls somebody may time. */
export interface TimedModels extends Models {
  /** Calls back after each call with its name and how long it took, milliseconds, whatever came of it. */
  onCall(listener: Listener): void;
}

export function timedModels(models: Models): TimedModels {
  const listeners = new Set<Listener>();
  const timed =
    <Args extends unknown[], Result>(name: string, call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const startedMs = performance.now();
      try {
        return await call(...args);
      } finally {
        for (const listener of listeners) listener(name, performance.now() - startedMs);
      }
    };
  const { finger, face } = models;
  return {
    finger: {
      extract: timed('finger.extract', finger.extract),
      extractEncoded: timed('finger.extract_encoded', finger.extractEncoded),
      match: timed('finger.match', finger.match),
      matchMinutiae: timed('finger.match_minutiae', finger.matchMinutiae),
    },
    face: { analyse: timed('face.analyse', face.analyse), compare: timed('face.compare', face.compare) },
    get cards() {
      return models.cards;
    },
    get health() {
      return models.health;
    },
    onCall: listener => void listeners.add(listener),
    [Symbol.asyncDispose]: () => models[Symbol.asyncDispose](),
  };
}
