/** What a bench says: figures with their unit and from how many runs they come. */

export interface Figure {
  /** What was measured, with its statistic at the end: `face_frame_to_decision.median`. */
  readonly id: string;
  readonly value: number;
  readonly unit: 'ms' | 'hours' | 'bytes' | 'MiB' | 'count' | 'percent' | 'ratio' | '1/s';
  /** Measurements the value comes from. */
  readonly runs: number;
}

/** Says how far a bench is; to standard error, so that standard output holds the figures alone. */
export type Progress = (text: string) => void;

/** How much of a bench is run. */
export interface BenchOptions {
  /** At the size of the tests, where a bench has one. */
  readonly small: boolean;
  /** One of its parts; null for all. */
  readonly only: string | null;
  /** How long a bench that goes by time takes; null for its own length. */
  readonly minutes: number | null;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Names of parts that can be run alone. */
  readonly parts?: readonly string[];
  run(progress: Progress, options: BenchOptions): Promise<readonly Figure[]>;
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** The value below which a share of the measurements lies (nearest rank). */
function quantile(measured: readonly number[], share: number): number {
  const sorted = measured.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Median and 95th percentile of durations, milliseconds. */
export const durations = (id: string, measured: readonly number[]): Figure[] => [
  { id: `${id}.median`, value: rounded(quantile(measured, 0.5)), unit: 'ms', runs: measured.length },
  { id: `${id}.p95`, value: rounded(quantile(measured, 0.95)), unit: 'ms', runs: measured.length },
];

/** A value that is no duration's statistic. */
export const measured = (id: string, value: number, unit: Figure['unit'], runs: number): Figure => ({
  id,
  value: rounded(value),
  unit,
  runs,
});

export const counted = (id: string, value: number, runs: number): Figure =>
  measured(id, value, 'count', runs);

export const worst = (id: string, measured: readonly number[]): Figure => ({
  id,
  value: rounded(Math.max(...measured)),
  unit: 'ms',
  runs: measured.length,
});

/** Times `work` so many times, after a few that only warm it up. Milliseconds. */
export async function timed(
  runs: number,
  work: (run: number) => Promise<unknown>,
  warmUp = 2,
): Promise<number[]> {
  for (let i = 0; i < warmUp; i += 1) await work(i);
  const measured: number[] = [];
  for (let i = 0; i < runs; i += 1) {
    const startedMs = performance.now();
    await work(warmUp + i);
    measured.push(performance.now() - startedMs);
  }
  return measured;
}
