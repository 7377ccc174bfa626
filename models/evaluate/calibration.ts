import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type FmrPoint, readCard } from '../card.ts';
import { readFaceProfile } from '../face/profile.ts';
import { type LlrMapping, llrOf } from '../llr.ts';
import { readCsv } from './csv.ts';
import { type Dependence, dependenceOf } from './dependence.ts';
import { setOf } from './finger-pairs.ts';
import { type FusedFingers, fusedFingers, type JoinedRates, joinedRates } from './joined.ts';
import { cllr, fitLlr, leastCllr } from './logistic.ts';
import type { Interval, ScoredPair } from './rates.ts';
import { resampleSubjects, subjectsOf } from './subjects.ts';

export interface CalibrationOptions {
  /** CSV that `evaluate face` wrote: `dataset,path_a,path_b,same,score`. */
  readonly faceScores: string;
  /** CSV that `evaluate finger` wrote: `a,b,kind,score`. */
  readonly fingerScores: string;
  /** Sets of the same people are never fitted and measured against each other: names joined by `+`, several by commas. */
  readonly together?: string;
  /** Of the networks that the faces' scores are of; those of the package without it. */
  readonly profile?: string;
}

/** One comparison with what is known of it without its own set. */
export interface HeldOut extends ScoredPair {
  readonly set: string;
  /** Decades, by a mapping fitted on the other sets only. */
  readonly llr: number;
  /** Of genuine fingers: the two visits of a person that both are of; fingers share it that were laid down together. */
  readonly visits?: string;
}

interface MeasuredCost extends Interval {
  readonly value: number;
}

/** One set, measured with the mapping that was fitted on all sets but this one and those of the same people. */
export interface SetCalibration {
  readonly set: string;
  readonly genuine: number;
  readonly impostor: number;
  /** In bits, with the 95 % interval of a bootstrap over subjects. */
  readonly cllr: MeasuredCost;
  /** What of it no rising mapping could do without; the rest is loss by calibration. */
  readonly least: number;
  /** Share of impostors with so many decades or more: never above 10^-decades where the mapping holds. */
  readonly misled: readonly { readonly decades: number; readonly share: number }[];
}

export interface ModalityCalibration {
  /** Fitted on all sets: what the card holds. */
  readonly mapping: LlrMapping;
  /** Lowest and highest score it was fitted on. */
  readonly scores: Interval;
  readonly genuine: number;
  readonly impostor: number;
  readonly sets: readonly SetCalibration[];
}

export interface CalibrationEvaluation {
  readonly face: ModalityCalibration;
  readonly finger: ModalityCalibration;
  readonly fingers: readonly FusedFingers[];
  /** Absent where no person gave several fingers. */
  readonly dependence?: Dependence;
  readonly persons: readonly JoinedRates[];
}

type InSet = Omit<HeldOut, 'llr'>;

const DRAWS = 100;
const DECADES = [1, 2, 3];
const WITHIN_A_SET = new Set(['genuine', 'impostor', 'impostor_all']);

/**
 * Fits the mapping of scores to log-likelihood ratios of faces and of fingers, measures each set with a mapping fitted on the
 * others, and compares ways to decide about persons joined of these comparisons. Needs no models: only scores.
 * @throws RangeError when a CSV file is not as described or a modality has one set only; ModelError MODEL_MISSING, MODEL_PROFILE
 */
export async function evaluateCalibration(options: CalibrationOptions): Promise<CalibrationEvaluation> {
  const folds = (options.together ?? '').split(',').map(sets => sets.split('+'));
  const foldOf = (set: string): string => folds.find(sets => sets.includes(set))?.[0] ?? set;
  const face = heldOut(await facePairs(options.faceScores), foldOf);
  const finger = heldOut(await fingerPairs(options.fingerScores), foldOf);
  const tables = { face: await faceTable(options.profile), finger: await tableOf('finger-match') };
  const dependence = dependenceOf(finger);
  return {
    face: calibrationOf(face),
    finger: calibrationOf(finger),
    fingers: fusedFingers(finger, tables.finger, foldOf),
    ...(dependence ? { dependence } : {}),
    persons: joinedRates(face, finger, tables),
  };
}

const faceTable = async (profile: string | undefined): Promise<readonly FmrPoint[]> =>
  (profile === undefined ? undefined : (await readFaceProfile(profile)).embedding)?.card.fmrTable ??
  tableOf('face-embedding');

async function tableOf(id: string): Promise<readonly FmrPoint[]> {
  const card = await readCard(fileURLToPath(new URL(`../weights/${id}.card.json`, import.meta.url)));
  return card.fmrTable ?? [];
}

/** Without those in which no face was found: they have no score. */
async function facePairs(path: string): Promise<InSet[]> {
  const rows = readCsv(await readFile(path, 'utf8'), ['dataset', 'path_a', 'path_b', 'same', 'score']);
  const isSame = (same: string): boolean => /^(1|true)$/i.test(same);
  const subjects = subjectsOf(rows.map(row => ({ a: row.path_a, b: row.path_b, same: isSame(row.same) })));
  return rows
    .filter(({ score }) => score !== '')
    .map(({ dataset, path_a, path_b, same, score }) => ({
      ...{ set: dataset, score: Number(score), genuine: isSame(same) },
      ...{ subjectA: subjects.get(path_a)!, subjectB: subjects.get(path_b)! },
    }));
}

async function fingerPairs(path: string): Promise<InSet[]> {
  const rows = readCsv(await readFile(path, 'utf8'), ['a', 'b', 'kind', 'score']);
  const fingerOf = (name: string): string => name.replace(/_[^_/]*$/, '');
  return rows
    .filter(({ kind }) => WITHIN_A_SET.has(kind))
    .map(({ a, b, kind, score }) => ({
      ...{ set: setOf(a), score: Number(score), genuine: kind === 'genuine' },
      ...{ subjectA: fingerOf(a), subjectB: fingerOf(b) },
      ...(kind === 'genuine' ? visitsOf(a, b) : {}),
    }));
}

/** Of `SET/PERSON-FINGER_IMPRESSION`: impressions of the same number were taken in one visit. */
function visitsOf(a: string, b: string): { visits?: string } {
  const [, person, first] = /^(.*)-[^-/]*_([^_/]*)$/.exec(a) ?? [];
  const [, , second] = /^(.*)-[^-/]*_([^_/]*)$/.exec(b) ?? [];
  return person === undefined ? {} : { visits: `${person} ${first} ${second}` };
}

/** Each set under the mapping of the others. */
function heldOut(pairs: readonly InSet[], foldOf: (set: string) => string): HeldOut[] {
  const folds = Map.groupBy(pairs, ({ set }) => foldOf(set));
  if (folds.size < 2) throw new RangeError('one set cannot be both fitted and measured');
  return [...folds].flatMap(([fold, own]) => {
    const mapping = fitLlr(pairs.filter(({ set }) => foldOf(set) !== fold));
    return own.map(pair => ({ ...pair, llr: llrOf(mapping, pair.score) }));
  });
}

function calibrationOf(pairs: readonly HeldOut[]): ModalityCalibration {
  const scores = pairs.map(({ score }) => score).sort((a, b) => a - b);
  const genuine = pairs.filter(pair => pair.genuine).length;
  return {
    mapping: fitLlr(pairs),
    scores: { low: scores[0]!, high: scores.at(-1)! },
    ...{ genuine, impostor: pairs.length - genuine },
    sets: [...Map.groupBy(pairs, ({ set }) => set)].map(([set, own]) => setCalibration(set, own)),
  };
}

function setCalibration(set: string, pairs: readonly HeldOut[]): SetCalibration {
  const impostors = pairs.filter(({ genuine }) => !genuine);
  const drawn = resampleSubjects(pairs, DRAWS)
    .map(draw => cllr(draw))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const quantile = (share: number): number => drawn[Math.round(share * (drawn.length - 1))] ?? Number.NaN;
  return {
    ...{ set, genuine: pairs.length - impostors.length, impostor: impostors.length },
    cllr: { value: cllr(pairs), low: quantile(0.025), high: quantile(0.975) },
    least: leastCllr(pairs),
    misled: DECADES.map(decades => ({
      decades,
      share: impostors.filter(({ llr }) => llr >= decades).length / impostors.length,
    })),
  };
}
