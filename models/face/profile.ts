/**
 * A profile puts another embedding network in the place of the one that comes with the agent: a file (YAML or JSON) that
 * says where the weights are, how they want a face and which thresholds were measured with them. No code changes.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import type { FmrPoint, ModelCard } from '../card.ts';
import { ModelError } from '../error.ts';
import { ARCFACE_POINTS, type EmbeddingSpec } from './embed.ts';

export interface FaceProfile {
  readonly embedding: {
    /** Where the weights lie; a path in the file is relative to it. */
    readonly path: string;
    readonly card: ModelCard;
    readonly spec: EmbeddingSpec;
  };
}

type Fields = Readonly<Record<string, unknown>>;

const TYPE = 'vantay.face-profile';
/** Sides and lengths beyond these are a slip of the pen, not a network. */
const MAX_SIDE = 512;
const MAX_LENGTH = 4096;

class ProfileReader {
  readonly #path: string;
  constructor(path: string) {
    this.#path = path;
  }

  wrong(where: string, what: string): ModelError {
    return new ModelError('MODEL_PROFILE', `${this.#path}: ${where} ${what}`);
  }

  fields(value: unknown, where: string, known: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.wrong(where, 'must be a mapping');
    const unknown = Object.keys(value).find(key => !known.includes(key));
    if (unknown) throw this.wrong(`${where}.${unknown}`, 'is not known');
    return value as Fields;
  }

  text(fields: Fields, where: string, name: string): string {
    const value = fields[name];
    if (typeof value !== 'string' || value === '') throw this.wrong(`${where}.${name}`, 'must be a text');
    return value;
  }

  textOr(fields: Fields, where: string, name: string, otherwise: string): string {
    return fields[name] === undefined ? otherwise : this.text(fields, where, name);
  }

  whole(fields: Fields, where: string, name: string, least: number, most: number): number {
    const value = fields[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.wrong(`${where}.${name}`, `must be a whole number of ${least} to ${most}`);
    return value;
  }

  numbers(value: unknown, where: string, count: number): number[] {
    const list: unknown[] =
      typeof value === 'number' ? Array(count).fill(value) : Array.isArray(value) ? value : [];
    if (list.length !== count || !list.every(one => typeof one === 'number' && Number.isFinite(one)))
      throw this.wrong(where, `must be ${count} numbers`);
    return list as number[];
  }
}

function readSpec(reader: ProfileReader, fields: Fields): EmbeddingSpec {
  const where = 'embedding';
  const side = reader.whole(fields, where, 'side', 32, MAX_SIDE);
  const channels = reader.text(fields, where, 'channels');
  if (channels !== 'rgb' && channels !== 'bgr') throw reader.wrong(`${where}.channels`, 'must be rgb or bgr');
  const deviation = reader.numbers(fields.deviation, `${where}.deviation`, 3);
  if (deviation.includes(0)) throw reader.wrong(`${where}.deviation`, 'must not be 0');
  const points =
    fields.alignment === 'arcface'
      ? ARCFACE_POINTS.map(value => (value * side) / 112)
      : reader.numbers(fields.alignment, `${where}.alignment (arcface, or x and y of five points)`, 10);
  const norm =
    fields.norm === undefined ? undefined : reader.fields(fields.norm, `${where}.norm`, ['worst', 'best']);
  const normAt = (name: string) => reader.numbers(norm?.[name], `${where}.norm.${name}`, 1)[0]!;
  return {
    side,
    points,
    planes: channels,
    mean: reader.numbers(fields.mean, `${where}.mean`, 3),
    deviation,
    length: reader.whole(fields, where, 'length', 8, MAX_LENGTH),
    ...(fields.input === undefined ? {} : { input: reader.text(fields, where, 'input') }),
    ...(fields.output === undefined ? {} : { output: reader.text(fields, where, 'output') }),
    ...(norm ? { norm: { worst: normAt('worst'), best: normAt('best') } } : {}),
  };
}

/** From the strictest FMR to the loosest; a stricter rate never has a lower threshold. */
function readTable(reader: ProfileReader, value: unknown): FmrPoint[] {
  const where = 'embedding.fmrTable';
  if (!Array.isArray(value) || value.length === 0) throw reader.wrong(where, 'must have at least one point');
  const points = value.map((one, index) => {
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
      ...(upper === undefined ? {} : { fmrUpper95: reader.numbers(upper, `${at}.fmrUpper95`, 1)[0]! }),
    };
  });
  const strictestFirst = points.sort((a, b) => a.fmr - b.fmr);
  if (strictestFirst.some(({ threshold }, i) => i > 0 && threshold > strictestFirst[i - 1]!.threshold))
    throw reader.wrong(where, 'has a stricter rate with a lower threshold');
  return strictestFirst;
}

const KNOWN = [
  ...['id', 'version', 'file', 'sha256', 'licence', 'source', 'trainingData', 'limits'],
  ...['side', 'channels', 'mean', 'deviation', 'alignment', 'length', 'input', 'output', 'norm', 'fmrTable'],
];

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
  const profile = reader.fields(document, 'the profile', ['type', 'version', 'embedding']);
  if (profile.type !== TYPE || profile.version !== 1)
    throw reader.wrong('type, version', `must be ${TYPE}, 1`);
  const where = 'embedding';
  const fields = reader.fields(profile.embedding, where, KNOWN);
  const spec = readSpec(reader, fields);
  const file = reader.text(fields, where, 'file');
  const sha256 = reader.text(fields, where, 'sha256');
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw reader.wrong(`${where}.sha256`, 'must be 64 hexadecimal digits');
  const limits = fields.limits ?? [];
  if (!Array.isArray(limits) || !limits.every(one => typeof one === 'string'))
    throw reader.wrong(`${where}.limits`, 'must be a list of texts');
  const card: ModelCard = {
    id: reader.text(fields, where, 'id'),
    version: reader.text(fields, where, 'version'),
    task: 'face-embedding',
    file,
    sha256,
    licence: reader.textOr(fields, where, 'licence', 'not stated in the profile'),
    source: reader.textOr(fields, where, 'source', 'provisioned by the operator'),
    trainingData: reader.textOr(fields, where, 'trainingData', 'not stated in the profile'),
    inputs: [`1x3x${spec.side}x${spec.side} ${spec.planes}`],
    outputs: [`1x${spec.length}`],
    limits,
    fmrTable: readTable(reader, fields.fmrTable),
  };
  return { embedding: { path: isAbsolute(file) ? file : join(dirname(path), file), card, spec } };
}
