/**
 * A profile puts other networks in the place of those that come with the agent, or beside them: a file (YAML or JSON) that
 * says where the weights are, how they want a face and which thresholds were measured with them. No code changes.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import type { FmrPoint, ModelCard } from '../card.ts';
import { ModelError } from '../error.ts';
import type { LlrMapping } from '../llr.ts';
import { ARCFACE_POINTS, type EmbeddingSpec } from './embed.ts';
import type { PassiveSpec } from './passive.ts';
import { type Fields, MODEL_KEYS, PICTURE_KEYS, ProfileReader } from './profile-reader.ts';
import type { RaterSpec } from './rater.ts';
import type { YunetSpec } from './yunet.ts';

/** One network of a profile. */
export interface Provisioned<Spec> {
  /** Where the weights lie; a path in the file is relative to it. */
  readonly path: string;
  readonly card: ModelCard;
  readonly spec: Spec;
}

/** What is absent stays as it comes with the agent; `liveness` may be empty. */
export interface FaceProfile {
  readonly detection?: Provisioned<YunetSpec>;
  readonly embedding?: Provisioned<EmbeddingSpec>;
  readonly quality?: Provisioned<RaterSpec>;
  readonly liveness: readonly Provisioned<PassiveSpec>[];
}

const TYPE = 'vantay.face-profile';
const SECTIONS = ['detection', 'embedding', 'quality', 'liveness'] as const;
/** Longer vectors and larger inputs than these are a slip of the pen, not a network. */
const MAX_LENGTH = 4096;
const MAX_DETECTION_SIDE = 2048;
/** A detector of strides 8, 16 and 32 takes whole cells of the coarsest. */
const DETECTION_STEP = 32;

const ALIGNMENT_KEYS = ['alignment', 'alignFrom'] as const;

function readAlignment(reader: ProfileReader, fields: Fields, where: string, side: number) {
  const points =
    fields.alignment === 'arcface'
      ? ARCFACE_POINTS.map(value => (value * side) / 112)
      : reader.numbers(fields.alignment, `${where}.alignment (arcface, or x and y of five points)`, 10);
  if (fields.alignFrom === undefined) return { points };
  return { points, alignFrom: reader.oneOf(fields, where, 'alignFrom', ['landmarks', 'detector']) };
}

/** Two ends of a scale, both needed. */
function readEnds(reader: ProfileReader, value: unknown, where: string): { worst: number; best: number } {
  const fields = reader.fields(value, where, ['worst', 'best']);
  const end = (name: string) => reader.number(fields, where, name, -1e6, 1e6);
  const ends = { worst: end('worst'), best: end('best') };
  if (ends.worst === ends.best) throw reader.wrong(where, 'must have two different ends');
  return ends;
}

/** From the strictest FMR to the loosest; a stricter rate never has a lower threshold. */
function readTable(reader: ProfileReader, value: unknown): FmrPoint[] {
  const where = 'embedding.fmrTable';
  const points = reader.list(value, where).map((one, index) => {
    const at = `${where}[${index}]`;
    const fields = reader.fields(one, at, ['fmr', 'threshold', 'fmrUpper95']);
    const [fmr] = reader.numbers(fields.fmr, `${at}.fmr`, 1);
    const [threshold] = reader.numbers(fields.threshold, `${at}.threshold`, 1);
    if (!(fmr! > 0 && fmr! < 1)) throw reader.wrong(`${at}.fmr`, 'must be between 0 and 1');
    if (!(threshold! > -1 && threshold! <= 1))
      throw reader.wrong(`${at}.threshold`, 'must be a cosine above -1');
    const upper = fields.fmrUpper95;
    return {
      fmr: fmr!,
      threshold: threshold!,
      ...(upper === undefined ? {} : { fmrUpper95: reader.number(fields, at, 'fmrUpper95', 0, 1) }),
    };
  });
  const strictestFirst = points.sort((a, b) => a.fmr - b.fmr);
  if (strictestFirst.some(({ threshold }, i) => i > 0 && threshold > strictestFirst[i - 1]!.threshold))
    throw reader.wrong(where, 'has a stricter rate with a lower threshold');
  return strictestFirst;
}

/** What a score is worth, as `evaluate calibration --json` gives it. */
function readMapping(reader: ProfileReader, value: unknown): LlrMapping {
  const where = 'embedding.llr';
  const fields = reader.fields(value, where, ['offset', 'slope', 'lowest', 'highest']);
  const decades = (name: string, least: number, most: number) =>
    reader.number(fields, where, name, least, most);
  const slope = decades('slope', 0, 1e4);
  if (slope === 0) throw reader.wrong(`${where}.slope`, 'must be above 0');
  return {
    ...{ offset: decades('offset', -1e4, 1e4), slope },
    ...{ lowest: decades('lowest', -20, 0), highest: decades('highest', 0, 20) },
  };
}

/** Reads the sections of one profile file. */
class Sections {
  readonly #reader: ProfileReader;
  readonly #folder: string;
  constructor(reader: ProfileReader, folder: string) {
    this.#reader = reader;
    this.#folder = folder;
  }

  detection(value: unknown): Provisioned<YunetSpec> {
    const [reader, where] = [this.#reader, 'detection'];
    const own = [
      'decoder',
      'width',
      'height',
      'channels',
      'mean',
      'deviation',
      'minConfidence',
      'maxOverlap',
    ];
    const fields = reader.fields(value, where, [...MODEL_KEYS, ...own]);
    reader.oneOf(fields, where, 'decoder', ['yunet']);
    const [width, height] = ['width', 'height'].map(name => {
      const side = reader.whole(fields, where, name, DETECTION_STEP, MAX_DETECTION_SIDE);
      if (side % DETECTION_STEP !== 0)
        throw reader.wrong(`${where}.${name}`, `must be a multiple of ${DETECTION_STEP}`);
      return side;
    }) as [number, number];
    const { planes, mean, deviation } = reader.picture({ ...fields, side: DETECTION_STEP }, where);
    const spec: YunetSpec = {
      ...{ width, height, planes, mean, deviation },
      minConfidence: reader.number(fields, where, 'minConfidence', 0.01, 1),
      maxOverlap: reader.number(fields, where, 'maxOverlap', 0, 1),
      ...reader.names(fields, where),
    };
    const inputs = [`1x3x${height}x${width} ${planes}`];
    const outputs = ['cls, obj, bbox and kps at strides 8, 16 and 32'];
    return this.#provisioned(fields, where, { task: 'face-detection', inputs, outputs }, spec);
  }

  embedding(value: unknown): Provisioned<EmbeddingSpec> {
    const [reader, where] = [this.#reader, 'embedding'];
    const own = [...PICTURE_KEYS, ...ALIGNMENT_KEYS, 'length', 'norm', 'fmrTable', 'llr'];
    const fields = reader.fields(value, where, [...MODEL_KEYS, ...own]);
    const picture = reader.picture(fields, where);
    const spec: EmbeddingSpec = {
      ...picture,
      ...readAlignment(reader, fields, where, picture.side),
      length: reader.whole(fields, where, 'length', 8, MAX_LENGTH),
      ...reader.names(fields, where),
      ...(fields.norm === undefined ? {} : { norm: readEnds(reader, fields.norm, `${where}.norm`) }),
    };
    const inputs = [`1x3x${spec.side}x${spec.side} ${spec.planes}`];
    const more = { task: 'face-embedding', inputs, outputs: [`1x${spec.length}`] };
    const { card, path } = this.#provisioned(fields, where, more, spec);
    return {
      ...{ path, spec },
      card: {
        ...{ ...card, fmrTable: readTable(reader, fields.fmrTable) },
        ...(fields.llr === undefined ? {} : { llr: readMapping(reader, fields.llr) }),
      },
    };
  }

  quality(value: unknown): Provisioned<RaterSpec> {
    const [reader, where] = [this.#reader, 'quality'];
    const fields = reader.fields(value, where, [
      ...[...MODEL_KEYS, ...PICTURE_KEYS, ...ALIGNMENT_KEYS, 'score'],
    ]);
    const picture = reader.picture(fields, where);
    const spec: RaterSpec = {
      ...picture,
      ...readAlignment(reader, fields, where, picture.side),
      score: readEnds(reader, fields.score, `${where}.score`),
      ...reader.names(fields, where),
    };
    const inputs = [`1x3x${spec.side}x${spec.side} ${spec.planes}`];
    return this.#provisioned(fields, where, { task: 'face-quality', inputs, outputs: ['1 score'] }, spec);
  }

  liveness(value: unknown): Provisioned<PassiveSpec>[] {
    const fields = this.#reader.fields(value, 'liveness', ['threshold', 'models']);
    const threshold =
      fields.threshold === undefined ? undefined : this.#reader.number(fields, 'liveness', 'threshold', 0, 1);
    const models = this.#reader
      .list(fields.models, 'liveness.models')
      .map((one, index) => this.#passive(one, `liveness.models[${index}]`));
    const ids = models.map(({ card }) => card.id);
    if (new Set(ids).size < ids.length) throw this.#reader.wrong('liveness.models', 'has an id twice');
    if (threshold === undefined) return models;
    return models.map(model => ({ ...model, card: { ...model.card, passiveThreshold: threshold } }));
  }

  #passive(value: unknown, where: string): Provisioned<PassiveSpec> {
    const reader = this.#reader;
    const own = [...PICTURE_KEYS, 'scale', 'classes', 'live', 'activation'];
    const fields = reader.fields(value, where, [...MODEL_KEYS, ...own]);
    const classes = reader.whole(fields, where, 'classes', 1, 100);
    const spec: PassiveSpec = {
      ...reader.picture(fields, where),
      scale: reader.number(fields, where, 'scale', 0.5, 10),
      classes,
      live: reader.whole(fields, where, 'live', 0, classes - 1),
      activation: reader.oneOf(fields, where, 'activation', ['softmax', 'none']),
      ...reader.names(fields, where),
    };
    const inputs = [`1x3x${spec.side}x${spec.side} ${spec.planes}, ${spec.scale} times the face`];
    const more = { task: 'presentation-attack-detection', inputs, outputs: [`1x${classes}`] };
    return this.#provisioned(fields, where, more, spec);
  }

  #provisioned<Spec>(
    fields: Fields,
    where: string,
    more: Pick<ModelCard, 'task' | 'inputs' | 'outputs'>,
    spec: Spec,
  ): Provisioned<Spec> {
    const card = this.#reader.card(fields, where, more);
    return { path: isAbsolute(card.file) ? card.file : join(this.#folder, card.file), card, spec };
  }
}

/** Reads a profile and checks every value; the weights are not looked at. @throws ModelError MODEL_MISSING, MODEL_PROFILE */
export async function readFaceProfile(path: string): Promise<FaceProfile> {
  const reader = new ProfileReader(path);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ModelError('MODEL_MISSING', `the profile ${path} cannot be read`, { cause });
  });
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw new ModelError('MODEL_PROFILE', `${path} is neither YAML nor JSON`, { cause });
  }
  const profile = reader.fields(document, 'the profile', ['type', 'version', ...SECTIONS]);
  if (profile.type !== TYPE || profile.version !== 1)
    throw reader.wrong('type, version', `must be ${TYPE}, 1`);
  if (SECTIONS.every(section => profile[section] === undefined))
    throw reader.wrong('the profile', `must have one of ${SECTIONS.join(', ')}`);
  const sections = new Sections(reader, dirname(path));
  const { detection, embedding, quality, liveness } = profile;
  return {
    ...(detection === undefined ? {} : { detection: sections.detection(detection) }),
    ...(embedding === undefined ? {} : { embedding: sections.embedding(embedding) }),
    ...(quality === undefined ? {} : { quality: sections.quality(quality) }),
    liveness: liveness === undefined ? [] : sections.liveness(liveness),
  };
}
