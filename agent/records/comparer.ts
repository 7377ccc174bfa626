/** What the comparison needs of the models and the configuration. */
import { type Models, thresholdAt } from '../../models/index.ts';
import type { Config } from '../contract/config.ts';
import type { Comparer } from './compare.ts';
import type { FingerMatcher } from './compare-fingers.ts';

/** False match rate at which a frame of the challenge still is the face of the portrait taken seconds before. */
const SAME_FACE_FMR = 0.001;

export function comparerOf(models: Models, config: Config): Comparer {
  const card = (task: string) => models.cards.find(one => one.task === task);
  const matcher = (task: string, match: FingerMatcher['match']): FingerMatcher => {
    const { id = task, fmrTable: table = [], llr } = card(task) ?? {};
    return { model: id, table, llr, match };
  };
  const face = card('face-embedding');
  return {
    byDescriptors: matcher('finger-matching', models.finger.match),
    byMinutiae: matcher('finger-minutiae-matching', models.finger.matchMinutiae),
    face: models.face,
    faceTable: face?.fmrTable ?? [],
    faceLlr: face?.llr,
    fmr: config.comparison.fmr,
    usableFingerQuality: config.visit.fingerMinimumQuality,
    usableFaceQuality: config.visit.faceMinimumQuality,
    models: models.cards.map(({ id, version, sha256 }) => ({ id, version, sha256 })),
  };
}

/** Of the loosest rate measured that is strict enough, else of the strictest; without face models nothing is the same. */
export function sameFaceScore(table: Comparer['faceTable']): number {
  if (table.length === 0) return 1;
  return thresholdAt(table, Math.max(SAME_FACE_FMR, Math.min(...table.map(({ fmr }) => fmr))));
}
