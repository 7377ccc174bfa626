import type { ModelCard } from '../card.ts';
import { ModelError } from '../error.ts';

/** A mapping of the profile file, its values not looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** What every network of a profile says of itself. */
export const MODEL_KEYS = [
  ...['id', 'version', 'file', 'sha256', 'licence', 'source', 'trainingData', 'limits', 'input', 'output'],
] as const;
/** How a network wants its picture. */
export const PICTURE_KEYS = ['side', 'channels', 'mean', 'deviation'] as const;

/** Sides beyond this are a slip of the pen, not a network. */
const MAX_SIDE = 512;

/** Reads the values of a profile; whatever is wrong is told with its place in the file. */
export class ProfileReader {
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

  list(value: unknown, where: string): readonly unknown[] {
    if (!Array.isArray(value) || value.length === 0) throw this.wrong(where, 'must have at least one entry');
    return value;
  }

  text(fields: Fields, where: string, name: string): string {
    const value = fields[name];
    if (typeof value !== 'string' || value === '') throw this.wrong(`${where}.${name}`, 'must be a text');
    return value;
  }

  textOr(fields: Fields, where: string, name: string, otherwise: string): string {
    return fields[name] === undefined ? otherwise : this.text(fields, where, name);
  }

  oneOf<Word extends string>(fields: Fields, where: string, name: string, words: readonly Word[]): Word {
    const value = words.find(word => word === fields[name]);
    if (!value) throw this.wrong(`${where}.${name}`, `must be ${words.join(' or ')}`);
    return value;
  }

  whole(fields: Fields, where: string, name: string, least: number, most: number): number {
    const value = fields[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.wrong(`${where}.${name}`, `must be a whole number of ${least} to ${most}`);
    return value;
  }

  /** One number, or as many as are asked for; one stands for all of them. */
  numbers(value: unknown, where: string, count: number): number[] {
    const list: unknown[] =
      typeof value === 'number' ? Array(count).fill(value) : Array.isArray(value) ? value : [];
    if (list.length !== count || !list.every(one => typeof one === 'number' && Number.isFinite(one)))
      throw this.wrong(where, `must be ${count} numbers`);
    return list as number[];
  }

  number(fields: Fields, where: string, name: string, least: number, most: number): number {
    const [value] = this.numbers(fields[name], `${where}.${name}`, 1);
    if (!(value! >= least && value! <= most))
      throw this.wrong(`${where}.${name}`, `must be ${least} to ${most}`);
    return value!;
  }

  /** Names in the graph, where the profile gives them. */
  names(fields: Fields, where: string): { input?: string; output?: string } {
    return {
      ...(fields.input === undefined ? {} : { input: this.text(fields, where, 'input') }),
      ...(fields.output === undefined ? {} : { output: this.text(fields, where, 'output') }),
    };
  }

  picture(fields: Fields, where: string) {
    const deviation = this.numbers(fields.deviation, `${where}.deviation`, 3);
    if (deviation.includes(0)) throw this.wrong(`${where}.deviation`, 'must not be 0');
    return {
      side: this.whole(fields, where, 'side', 32, MAX_SIDE),
      planes: this.oneOf(fields, where, 'channels', ['rgb', 'bgr']),
      mean: this.numbers(fields.mean, `${where}.mean`, 3),
      deviation,
    };
  }

  /** The card of a network: what the operator knows of it; what is not stated is said not to be. */
  card(fields: Fields, where: string, more: Pick<ModelCard, 'task' | 'inputs' | 'outputs'>): ModelCard {
    const sha256 = this.text(fields, where, 'sha256');
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw this.wrong(`${where}.sha256`, 'must be 64 hexadecimal digits');
    const limits = fields.limits ?? [];
    if (!Array.isArray(limits) || !limits.every(one => typeof one === 'string'))
      throw this.wrong(`${where}.limits`, 'must be a list of texts');
    return {
      id: this.text(fields, where, 'id'),
      version: this.text(fields, where, 'version'),
      task: more.task,
      file: this.text(fields, where, 'file'),
      sha256,
      licence: this.textOr(fields, where, 'licence', 'not stated in the profile'),
      source: this.textOr(fields, where, 'source', 'provisioned by the operator'),
      trainingData: this.textOr(fields, where, 'trainingData', 'not stated in the profile'),
      inputs: more.inputs,
      outputs: more.outputs,
      limits,
    };
  }
}
