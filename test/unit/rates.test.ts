import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCsv } from '../../models/evaluate/csv.ts';
import { detCurve, intervalsOf, ratesOf, type ScoredPair, wilson } from '../../models/evaluate/rates.ts';

const pairsOf = (genuine: readonly number[], impostor: readonly number[]): ScoredPair[] => [
  ...genuine.map((score, at) => ({ score, genuine: true, subjectA: `f${at % 5}`, subjectB: `f${at % 5}` })),
  ...impostor.map((score, at) => ({
    score,
    genuine: false,
    subjectA: `f${at % 5}`,
    subjectB: `f${(at + 1) % 5}`,
  })),
];

/** The definitions, word by word and slowly. */
function slowRates(genuine: readonly number[], impostor: readonly number[]) {
  const fnmr = (t: number): number => genuine.filter(score => score < t).length / genuine.length;
  const fmr = (t: number): number => impostor.filter(score => score >= t).length / impostor.length;
  const thresholds = [...new Set([...genuine, ...impostor, Number.POSITIVE_INFINITY])].sort((a, b) => a - b);
  const before = thresholds.filter(t => fnmr(t) <= fmr(t)).at(-1)!;
  const after = thresholds.find(t => fnmr(t) >= fmr(t))!;
  const sum = (t: number): number => fnmr(t) + fmr(t);
  const at = (limit: number): number => {
    const allowed = thresholds.filter(t => fmr(t) <= limit);
    // Just above the highest impostor score that is one too many, which may lie between two thresholds.
    const above = impostor.filter(score => fmr(score) > limit).sort((a, b) => b - a)[0];
    return above === undefined
      ? 0
      : Math.min(...allowed.map(fnmr), genuine.filter(score => score <= above).length / genuine.length);
  };
  return { eer: Math.min(sum(before), sum(after)) / 2, fmr100: at(0.01), fmr1000: at(0.001), zeroFmr: at(0) };
}

describe('error rates', () => {
  test('of scores that do not overlap are 0', () => {
    expect(ratesOf(pairsOf([5, 6, 7], [1, 2, 3]))).toEqual({ eer: 0, fmr100: 0, fmr1000: 0, zeroFmr: 0 });
  });
  test('of scores that tell nothing are a half', () => {
    expect(ratesOf(pairsOf([1, 2], [1, 2]))!.eer).toBe(0.5);
  });
  test('of one finger that fails among ten', () => {
    const rates = ratesOf(
      pairsOf(
        [0, 9, 9, 9, 9, 9, 9, 9, 9, 9],
        Array.from({ length: 1000 }, (_, at) => at / 1000),
      ),
    )!;
    expect(rates.zeroFmr).toBeCloseTo(0.1, 12);
    expect(rates.fmr100).toBeCloseTo(0.1, 12);
    expect(rates.eer).toBeCloseTo(0.1, 2);
  });
  test('do not exist without both kinds', () => {
    expect(ratesOf(pairsOf([1], []))).toBeUndefined();
    expect(ratesOf(pairsOf([], [1]))).toBeUndefined();
    expect(intervalsOf(pairsOf([], []))).toBeUndefined();
  });
  test('agree with their definitions', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(scores, scores, (genuine, impostor) => {
        const found = ratesOf(pairsOf(genuine, impostor))!;
        const slow = slowRates(genuine, impostor);
        for (const rate of ['eer', 'fmr100', 'fmr1000', 'zeroFmr'] as const)
          expect(found[rate]).toBeCloseTo(slow[rate], 12);
      }),
    );
  });
  test('trace a curve from refusing nobody to refusing everybody', () => {
    const curve = detCurve(pairsOf([2, 3], [1, 2]));
    expect(curve[0]).toMatchObject({ fnmr: 0, fmr: 1 });
    expect(curve.at(-1)).toMatchObject({ fnmr: 1, fmr: 0 });
  });
});

describe('intervals', () => {
  test('hold the rate between them and repeat exactly', () => {
    const genuine = Array.from({ length: 60 }, (_, at) => (at % 5 === 0 ? 1 : 8));
    const pairs = pairsOf(
      genuine,
      Array.from({ length: 200 }, (_, at) => (at % 50) / 10),
    );
    const { eer } = ratesOf(pairs)!;
    const intervals = intervalsOf(pairs, 100)!;
    expect(intervals.eer.low).toBeLessThanOrEqual(eer);
    expect(intervals.eer.high).toBeGreaterThanOrEqual(eer);
    expect(intervals).toEqual(intervalsOf(pairs, 100));
  });
  test('after Wilson, for none and for half of ten (Wilson 1927; Newcombe 1998)', () => {
    expect(wilson(0, 10).high).toBeCloseTo(0.2775, 4);
    expect(wilson(0, 10).low).toBe(0);
    expect(wilson(5, 10).low).toBeCloseTo(0.2366, 4);
    expect(wilson(5, 10).high).toBeCloseTo(0.7634, 4);
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('pair lists', () => {
  const rows = [
    { a: 's/1_1', b: 's/1_2', kind: 'genuine' },
    { a: 's/1_1', b: 's/2_1', kind: 'impostor' },
  ];
  test.each([
    ['LF', 'a,b,kind\ns/1_1,s/1_2,genuine\ns/1_1,s/2_1,impostor\n'],
    ['CRLF', 'a,b,kind\r\ns/1_1,s/1_2,genuine\r\ns/1_1,s/2_1,impostor\r\n'],
    ['a byte order mark and no last line end', '\uFEFFa,b,kind\ns/1_1,s/1_2,genuine\ns/1_1,s/2_1,impostor'],
    ['empty lines and blanks', '\na, b,kind\n\ns/1_1 , s/1_2,genuine\n\ns/1_1,s/2_1,impostor \n\n'],
    ['no header', 's/1_1,s/1_2,genuine\ns/1_1,s/2_1,impostor\n'],
    ['other columns in other order', 'kind,note,b,a\ngenuine,,s/1_2,s/1_1\nimpostor,x,s/2_1,s/1_1\n'],
  ])('are read with %s', (_, text) => {
    expect(readCsv(text, ['a', 'b', 'kind'])).toEqual(rows);
  });
  test('say which line is short', () => {
    expect(() => readCsv('a,b,kind\nx,y,genuine\nx,y', ['a', 'b', 'kind'])).toThrow('line 3');
    expect(readCsv('', ['a'])).toEqual([]);
  });
});
