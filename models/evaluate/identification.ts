import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../error.ts';
import { type FaceModels, loadFaceModels } from '../face/index.ts';
import { loadFingerModels } from '../finger/index.ts';
import { type LocalFingerGallery, openLocalFingerGallery } from '../gallery/finger-gallery.ts';
import { type LocalGallery, openLocalGallery, SEGMENT_ROWS } from '../gallery/gallery.ts';
import { identify, type Traits } from '../gallery/identify.ts';
import { Loader } from '../gallery/loader.ts';
import { galleryRow } from '../gallery/quantise.ts';
import { readCsv } from './csv.ts';
import { extractAll, type ImageSource } from './finger-pairs.ts';
import { facesLike, printsLike, randomFrom } from './padding.ts';
import { type Quantisation, quantisationOf } from './quantisation.ts';
import { type Interval, wilson } from './rates.ts';

export interface EvaluateIdentificationOptions extends Omit<ImageSource, 'images'> {
  /** Folders that the paths of faces and the names of prints are relative to. */
  readonly faces: string;
  readonly fingers: string;
  /**
   * CSV of `person,use,kind,path`: kind face or finger (a name without ending); use `record`, `padding` (what the gallery is
   * filled up with is made of these; the same images may not be anybody's), or the name of a search of this person.
   */
  readonly people: string;
  /** CSV to write: `person,search,rank,evidence,impostor`: evidence of the right record and of the best other one. */
  readonly out: string;
  /** Persons in the gallery, made-up ones included. */
  readonly size: number;
  /** FPIR at which misses are counted, 0..1. */
  readonly fpir: number;
}

export interface EvaluateIdentificationProgress {
  readonly stage: 'extract' | 'faces' | 'padding' | 'search';
  readonly done: number;
  readonly total: number;
}

interface MeasuredShare extends Interval {
  readonly value: number;
}

export interface IdentificationEvaluation {
  /** Persons in the gallery; those of them that are real; prints. */
  readonly size: number;
  readonly real: number;
  readonly prints: number;
  /** Searches, each for somebody who is in the gallery, and without their record for somebody who is not. */
  readonly searches: number;
  readonly fpir: number;
  /** Evidence asked for, so that not more than `fpir` of the searches for nobody yield a candidate. */
  readonly threshold: number;
  /** Share of the searches whose person is not first, or below the threshold. */
  readonly fnir: MeasuredShare;
  /** The same with the face alone and the fingers alone, each at its own threshold. */
  readonly fnirOfFace: MeasuredShare;
  readonly fnirOfFingers: MeasuredShare;
  readonly rank1: MeasuredShare;
  /** What bytes instead of floats change; real faces. */
  readonly quantisation: Quantisation;
}

interface Row {
  readonly person: string;
  readonly use: string;
  readonly kind: string;
  readonly path: string;
}

/** What each search found: of the right record and of the best other. */
interface Found {
  readonly person: string;
  readonly search: string;
  readonly rank: number;
  readonly mate: Decades;
  readonly impostor: Decades;
}

type Decades = Readonly<Record<'evidence' | 'face' | 'fingers', number>>;

const NOTHING: Decades = { evidence: 0, face: 0, fingers: 0 };
const SEED = 20_260;
/** Prints of each made-up person. */
const PADDING_FINGERS = 2;

/**
 * Searches for people by face and fingers in a gallery of their records and of made-up people, and counts misses at a false
 * positive identification rate (ISO/IEC 19795-1). Works in this process and blocks it.
 * @throws RangeError when the list is not as described; ModelError when the weights do not load
 */
export async function evaluateIdentification(
  options: EvaluateIdentificationOptions,
  progress: (step: EvaluateIdentificationProgress) => void = () => {},
): Promise<IdentificationEvaluation> {
  const rows: Row[] = readCsv(await readFile(options.people, 'utf8'), ['person', 'use', 'kind', 'path']);
  const ofKind = (kind: string): Row[] => rows.filter(row => row.kind === kind);
  if (rows.some(({ kind }) => kind !== 'face' && kind !== 'finger'))
    throw new RangeError('a kind is face or finger');
  const extraction = await extractAll(
    await loadFingerModels(),
    ofKind('finger').map(({ path }) => path),
    { ...options, images: options.fingers },
    ({ done, total }) => progress({ stage: 'extract', done, total }),
  );
  const faceModels = await loadFaceModels();
  const embeddings = await embedAll(faceModels, ofKind('face'), options, progress);
  const traitsOf = (some: readonly Row[]): Traits => ({
    face: some.flatMap(({ path }) => embeddings.get(path) ?? [])[0],
    fingers: some.flatMap(({ path }) => extraction.templates.get(path) ?? []),
  });

  const enrolled = Map.groupBy(
    rows.filter(({ use }) => use === 'record'),
    ({ person }) => person,
  );
  const people = [...enrolled.keys()];
  const records = [...enrolled.values()].map(traitsOf);
  const padding = traitsOf(rows.filter(({ use, kind }) => use === 'padding' && kind === 'finger'));
  const realFaces = records.flatMap(({ face }) => face ?? []);
  const others = rows.flatMap(({ use, path }) => (use === 'padding' ? (embeddings.get(path) ?? []) : []));
  await using faces = await openLocalGallery({ length: realFaces[0]?.length ?? 512, profile: 'exact' });
  const fingers = await openLocalFingerGallery();
  await fill({ faces, fingers }, records);
  await pad(
    { faces, fingers },
    [people.length, options.size],
    [[...realFaces, ...others], padding.fingers],
    progress,
  );

  const { fmrTable = [] } = faceModels.cards.find(({ task }) => task === 'face-embedding') ?? {};
  const searches = [
    ...Map.groupBy(
      rows.filter(({ use }) => use !== 'record' && use !== 'padding'),
      ({ person, use }) => `${person}\n${use}`,
    ).values(),
  ];
  const found: Found[] = [];
  for (const search of searches) {
    options.signal?.throwIfAborted();
    const { person, use } = search[0]!;
    const right = people.indexOf(person);
    const candidates = await identify(traitsOf(search), { faces, fingers }, fmrTable);
    const others = candidates.filter(({ id }) => id !== right);
    const best = (by: keyof Decades): number => Math.max(0, ...others.map(candidate => candidate[by]));
    found.push({
      person,
      search: use,
      rank: candidates.findIndex(({ id }) => id === right) + 1,
      mate: candidates.find(({ id }) => id === right) ?? NOTHING,
      impostor: { evidence: best('evidence'), face: best('face'), fingers: best('fingers') },
    });
    progress({ stage: 'search', done: found.length, total: searches.length });
  }
  const lines = found.map(
    ({ person, search, rank, mate, impostor }) =>
      `${person},${search},${rank},${mate.evidence.toFixed(3)},${impostor.evidence.toFixed(3)}`,
  );
  await writeFile(options.out, `person,search,rank,evidence,impostor\n${lines.join('\n')}\n`);
  const missed = (by: keyof Decades) => {
    const threshold = thresholdOf(
      found.map(({ impostor }) => impostor[by]),
      options.fpir,
    );
    const misses = found.filter(({ mate, impostor }) => mate[by] <= threshold || mate[by] <= impostor[by]);
    return { threshold, fnir: share(misses.length, found.length) };
  };
  const { threshold, fnir } = missed('evidence');
  return {
    size: fingers.size,
    real: people.length,
    prints: (await fingers.search([], 1)).prints,
    searches: found.length,
    fpir: options.fpir,
    threshold,
    fnir,
    fnirOfFace: missed('face').fnir,
    fnirOfFingers: missed('fingers').fnir,
    rank1: share(found.filter(({ rank }) => rank === 1).length, found.length),
    quantisation: quantisationOf([...embeddings.values()].flatMap(embedding => embedding ?? [])),
  };
}

async function embedAll(
  models: FaceModels,
  rows: readonly Row[],
  { faces, signal }: EvaluateIdentificationOptions,
  progress: (step: EvaluateIdentificationProgress) => void,
): Promise<Map<string, Float32Array | undefined>> {
  const embeddings = new Map<string, Float32Array | undefined>();
  for (const { path } of rows) {
    signal?.throwIfAborted();
    const analysis = await models.analyse(await readFile(join(faces, path))).catch((error: unknown) => {
      if (error instanceof ModelError && error.code === 'MODEL_INPUT') return undefined;
      throw error;
    });
    embeddings.set(path, analysis?.face?.embedding);
    progress({ stage: 'faces', done: embeddings.size, total: rows.length });
  }
  return embeddings;
}

interface Galleries {
  readonly faces: LocalGallery;
  readonly fingers: LocalFingerGallery;
}

async function fill({ faces, fingers }: Galleries, records: readonly Traits[]): Promise<void> {
  for (const [id, { face, fingers: templates }] of records.entries()) {
    if (face) await faces.put({ ids: Uint32Array.of(id), bytes: galleryRow(face) });
    fingers.put([{ id, templates }]);
  }
}

/** Fills the galleries up with people made of these embeddings and templates. */
async function pad(
  { faces, fingers }: Galleries,
  [from, to]: readonly [number, number],
  [embeddings, templates]: readonly [readonly Float32Array[], readonly Uint8Array[]],
  progress: (step: EvaluateIdentificationProgress) => void,
): Promise<void> {
  const count = Math.max(0, to - from);
  const people = facesLike(embeddings, count, randomFrom(SEED));
  const prints = printsLike(templates, count * PADDING_FINGERS, randomFrom(SEED + 1));
  const loader = new Loader(faces, embeddings[0]?.length ?? 0, SEGMENT_ROWS);
  for (let id = from; id < to; id++) {
    const face = people.next().value;
    if (face) await loader.add({ ids: Uint32Array.of(id), bytes: galleryRow(face) });
    fingers.put([{ id, templates: [prints.next().value, prints.next().value].flatMap(one => one ?? []) }]);
    progress({ stage: 'padding', done: id + 1 - from, total: count });
  }
  await loader.finish();
}

/** The lowest value that not more than this share of the scores passes. */
const thresholdOf = (scores: readonly number[], fpir: number): number =>
  scores.toSorted((a, b) => b - a)[Math.floor(fpir * scores.length)] ?? 0;

const share = (count: number, of: number): MeasuredShare => ({
  value: of ? count / of : 0,
  ...wilson(count, of),
});
