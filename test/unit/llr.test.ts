/** From scores to likelihood ratios: what is read off a card, how it was fitted, and what it is called. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { supportOf } from '../../agent/screen/officer/support.ts';
import { readCard } from '../../models/card.ts';
import { evaluateCalibration } from '../../models/evaluate/calibration.ts';
import { dependenceOf } from '../../models/evaluate/dependence.ts';
import { cllr, cllrOf, fitLlr, leastCllr } from '../../models/evaluate/logistic.ts';
import { type LlrMapping, llrOf, llrOfFingers } from '../../models/llr.ts';

const mapping: LlrMapping = { offset: -2, slope: 3, lowest: -2.5, highest: 3.5 };
const anyScore = fc.double({ min: -10, max: 10, noNaN: true });

describe('a score as a likelihood ratio', () => {
  it('rises with the score and keeps within its ends', () => {
    fc.assert(
      fc.property(anyScore, anyScore, (a, b) => {
        const [low, high] = [llrOf(mapping, Math.min(a, b)), llrOf(mapping, Math.max(a, b))];
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(mapping.lowest);
        expect(high).toBeLessThanOrEqual(mapping.highest);
      }),
    );
    expect(llrOf(mapping, 1)).toBe(1);
  });

  it('is worth a tenth where it is the best of ten, and never below the lowest', () => {
    expect(llrOf(mapping, 1, 10)).toBe(0);
    expect(llrOf(mapping, 100, 10)).toBe(2.5);
    expect(llrOf(mapping, -100, 10)).toBe(-2.5);
  });

  it('is unknown where the score is: an error, or nothing, never 0', () => {
    expect(() => llrOf(mapping, Number.NaN)).toThrow(RangeError);
    expect(llrOfFingers(mapping, [])).toBeUndefined();
    expect(llrOfFingers(mapping, [[], []])).toBeUndefined();
  });

  it('is the sum over the fingers that were compared, each by its best reference', () => {
    expect(llrOfFingers(mapping, [[1], [], [0, 1.2]])).toBeCloseTo(1 + 1.6 - Math.log10(2), 12);
  });
});

/** Scores of two normal distributions that differ by d: their likelihood ratio is known, d (x - d / 2) in natural logarithms. */
const DISTANCE = 3;
const normals = Array.from({ length: 4000 }, (_, at) => {
  const share = (Math.floor(at / 2) + 0.5) / 2000;
  const probit = (p: number): number => (p < 0.5 ? -probit(1 - p) : 5.0633 * (p ** 0.135 - (1 - p) ** 0.135));
  return { genuine: at % 2 === 0, score: probit(share) + (at % 2 === 0 ? DISTANCE : 0) };
});

describe('fitting', () => {
  const fitted = fitLlr(normals);

  it('finds the likelihood ratio of two normal distributions', () => {
    expect(fitted.slope * Math.LN10).toBeCloseTo(DISTANCE, 0);
    expect(-fitted.offset / fitted.slope).toBeCloseTo(DISTANCE / 2, 1);
    expect(fitted).toMatchObject({ lowest: -Math.log10(2000 / 3), highest: Math.log10(2000 / 3) });
  });

  it('costs hardly more than the best mapping, which costs less than none', () => {
    const [cost, least] = [cllrOf(normals, fitted), leastCllr(normals)];
    expect(least).toBeGreaterThan(0);
    expect(cost).toBeGreaterThanOrEqual(least);
    expect(cost - least).toBeLessThan(0.02);
    expect(cllr(normals.map(({ genuine }) => ({ genuine, llr: 0 })))).toBe(1);
  });

  it('stays finite where nothing overlaps, and the least cost is none', () => {
    const apart = [0, 1, 2, 3].map(score => ({ score, genuine: score > 1 }));
    const { offset, slope } = fitLlr(apart);
    expect([offset, slope].every(Number.isFinite)).toBe(true);
    expect(leastCllr(apart)).toBe(0);
  });

  it.each([
    ['impostors are missing', [{ score: 1, genuine: true }]],
    ['the lower score is the better', [0, 1].map(score => ({ score, genuine: score === 0 }))],
  ])('refuses where %s', (_, pairs) => {
    expect(() => fitLlr(pairs)).toThrow(RangeError);
  });
});

describe('evaluate calibration', () => {
  it('measures each set by the others, and joins each comparison into one person at most', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vantay-llr-'));
    try {
      const sets = ['one', 'two', 'three'];
      const comparisons = sets.flatMap(set =>
        Array.from({ length: 40 }, (_, at) => ({
          set,
          at,
          same: at % 4 === 0,
          score: at % 4 === 0 ? 0.8 : 0.1,
        })),
      );
      const face = comparisons.map(
        ({ set, at, same, score }) => `${set},${set}/${at}a,${set}/${at}b,${Number(same)},${score}`,
      );
      const finger = comparisons.map(
        ({ set, at, same, score }) =>
          `${set}/${at}_1,${set}/${same ? at : at + 100}_2,${same ? 'genuine' : 'impostor'},${4 * score}`,
      );
      const [faceScores, fingerScores] = [join(folder, 'face.csv'), join(folder, 'finger.csv')];
      await writeFile(faceScores, `dataset,path_a,path_b,same,score\n${face.join('\n')}\none,x,y,1,\n`);
      await writeFile(fingerScores, `a,b,kind,score\n${finger.join('\n')}\nx/1_1,y/1_1,pooled,9\n`);
      const found = await evaluateCalibration({ faceScores, fingerScores, together: 'one+two' });
      expect(found.face).toMatchObject({ genuine: 30, impostor: 90, scores: { low: 0.1, high: 0.8 } });
      expect(found.finger.sets.map(({ set, genuine }) => [set, genuine])).toEqual(sets.map(set => [set, 10]));
      for (const { cllr: cost, least } of found.finger.sets) {
        expect(least).toBe(0);
        expect(cost.value).toBeLessThan(0.5);
      }
      expect(found.persons.map(({ fingers, genuine, impostor }) => [fingers, genuine, impostor])).toEqual([
        [1, 30, 90],
        [2, 15, 45],
        [1, 30, 90],
        [2, 15, 45],
      ]);
      const alone = evaluateCalibration({ faceScores, fingerScores, together: 'one+two+three' });
      await expect(alone).rejects.toThrow('one set');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('dependence of fingers', () => {
  const visit = (visits: string, llrs: readonly number[]) =>
    llrs.map(llr => ({ visits, llr, score: -llr, genuine: true, set: 's', subjectA: 'a', subjectB: 'a' }));

  it('is told from those that were laid down together, and only from those', () => {
    expect(dependenceOf([...visit('1', [1, 1, 1]), ...visit('2', [3, 3]), ...visit('3', [9])])).toEqual({
      ...{ visits: 2, score: 1, llr: 1 },
    });
    expect(dependenceOf([...visit('1', [1, 3]), ...visit('2', [1, 3])])!.llr).toBe(-1);
    expect(dependenceOf([...visit('1', [2, 2]), ...visit('2', [2, 2])])!.llr).toBe(0);
    expect(dependenceOf(visit('1', [1]))).toBeUndefined();
  });
});

describe('the cards', () => {
  it.each(['face-embedding', 'finger-match', 'finger-minutiae'])(
    '%s holds a mapping whose ends its threshold reaches',
    async id => {
      const { llr, fmrTable = [] } = await readCard(`models/weights/${id}.card.json`);
      const strictest = Math.max(...fmrTable.map(({ threshold }) => threshold));
      expect(llr!.slope).toBeGreaterThan(0);
      expect(llr!.lowest).toBeLessThan(0);
      expect(llrOf(llr!, strictest)).toBeGreaterThan(0);
    },
  );
});

describe('the words of a likelihood ratio', () => {
  it.each([
    [null, null],
    [0.9, { strength: 'weak', speaks: 'for' }],
    [-1, { strength: 'moderate', speaks: 'against' }],
    [3, { strength: 'strong', speaks: 'for' }],
    [-7, { strength: 'very_strong', speaks: 'against' }],
  ])('%s decades', (llr, words) => {
    expect(supportOf(llr)).toEqual(words);
  });
});
