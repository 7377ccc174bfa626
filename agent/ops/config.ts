/** The configuration: YAML file + environment, held to the contract, with line and nearest known key in every complaint. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Config } from '../contract/config.ts';
import { VantayError } from './errors.ts';

export interface ConfigFinding {
  /** Path of the value, levels joined by dots; '' for the file as a whole. */
  readonly path: string;
  /** 1-based line in the file; null for a value from the environment or one that is missing. */
  readonly line: number | null;
  readonly message: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      readonly code: 'CONFIG_NOT_FOUND' | 'CONFIG_SYNTAX' | 'CONFIG_INVALID';
      readonly findings: readonly ConfigFinding[];
    };

type Path = readonly (string | number)[];

/**
 * Reads and checks a configuration without applying it.
 * @param file path of the YAML file; relative paths inside it are relative to its folder
 * @param environment `VANTAY_MQTT__URL=...` overrides `mqtt.url`; capitals and underscores are folded
 */
export function checkConfig(file: string, environment: NodeJS.ProcessEnv = {}): ConfigResult {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    return {
      ok: false,
      code: 'CONFIG_NOT_FOUND',
      findings: [{ path: '', line: null, message: `cannot read ${file}${reason}` }],
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const findings = document.errors.map(error => ({
      path: '',
      line: error.linePos?.[0].line ?? null,
      message: error.message.split('\n')[0] ?? 'not valid YAML',
    }));
    return { ok: false, code: 'CONFIG_SYNTAX', findings };
  }
  const values = withEnvironment(document.toJS() ?? {}, environment);
  const parsed = Config.safeParse(values);
  if (parsed.success) return { ok: true, config: resolvePaths(parsed.data, dirname(resolve(file))) };
  const findings = parsed.error.issues.flatMap(issue => findingsOf(issue, document, lines));
  return { ok: false, code: 'CONFIG_INVALID', findings };
}

/** The checked configuration. @throws VantayError CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_INVALID */
export function loadConfig(file: string, environment: NodeJS.ProcessEnv): Config {
  const result = checkConfig(file, environment);
  if (result.ok) return result.config;
  throw new VantayError(result.code, findingsText(file, result.findings));
}

/** One finding a line, `file:line: path: message`. */
export const findingsText = (file: string, findings: readonly ConfigFinding[]): string =>
  findings
    .map(
      ({ path, line, message }) =>
        `${file}${line === null ? '' : `:${line}`}: ${path ? `${path}: ` : ''}${message}`,
    )
    .join('\n');

function findingsOf(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): ConfigFinding[] {
  const path = issue.path.map(step => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: path.join('.'), line: lineOf(document, lines, path), message: issue.message }];
  }
  return issue.keys.map(key => {
    const nearest = nearestKey(key, knownKeys(path));
    const message = `unknown key${nearest ? `; did you mean "${nearest}"?` : ''}`;
    return { path: [...path, key].join('.'), line: lineOf(document, lines, [...path, key]), message };
  });
}

/** Line of the key at a path; of the nearest level above it where the key itself is missing. */
function lineOf(document: Document, lines: LineCounter, path: Path): number | null {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = document.getIn(path.slice(0, depth - 1), true);
    const last = path[depth - 1];
    if (!isMap(parent)) continue;
    const pair = parent.items.find(item => isScalar(item.key) && item.key.value === last);
    const range = pair && isScalar(pair.key) ? pair.key.range : undefined;
    if (range) return lines.linePos(range[0]).line;
  }
  return null;
}

/** Keys the contract knows at a path, read from its own shape so that they cannot drift. */
function knownKeys(path: Path): string[] {
  let schema: z.core.$ZodType = Config;
  for (const step of path) {
    const shape = shapesOf(schema).find(candidate => step in candidate);
    const inner = shape?.[String(step)];
    if (!inner) return [];
    schema = inner;
  }
  return shapesOf(schema).flatMap(shape => Object.keys(shape));
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

function shapesOf(schema: z.core.$ZodType): Shape[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'object':
      return [def.shape];
    case 'union':
      return def.options.flatMap(shapesOf);
    case 'prefault':
    case 'default':
    case 'optional':
    case 'nullable':
      return shapesOf(def.innerType);
    default:
      return [];
  }
}

function nearestKey(key: string, known: readonly string[]): string | null {
  const [nearest] = known
    .map(name => ({ name, edits: distance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  return nearest && nearest.edits <= Math.max(2, key.length / 2) ? nearest.name : null;
}

const fold = (name: string): string => name.toLowerCase().replaceAll('_', '');

function withEnvironment(values: unknown, environment: NodeJS.ProcessEnv): unknown {
  const merged: Record<string, unknown> = structuredClone(values) as Record<string, unknown>;
  if (typeof merged !== 'object' || merged === null || Array.isArray(merged)) return values;
  for (const [name, text] of Object.entries(environment)) {
    // A single level such as VANTAY_DATA belongs to somebody else's tool unless it names a top-level key.
    if (!name.startsWith('VANTAY_') || text === undefined) continue;
    const steps = name.slice('VANTAY_'.length).split('__');
    if (steps.length === 1 && !knownKeys([]).some(key => fold(key) === fold(name.slice('VANTAY_'.length))))
      continue;
    setAt(merged, steps, [], environmentValue(text));
  }
  return merged;
}

/** Numbers and booleans as YAML would read them; everything else stays text. */
const environmentValue = (text: string): unknown => {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
};

function setAt(target: Record<string, unknown>, steps: readonly string[], above: Path, value: unknown): void {
  const [step, ...rest] = steps;
  if (step === undefined) return;
  const key = knownKeys(above).find(name => fold(name) === fold(step)) ?? step.toLowerCase();
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const map = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  target[key] = map;
  setAt(map, rest, [...above, key], value);
}

/** Paths are written relative to the file they stand in. */
function resolvePaths(config: Config, base: string): Config {
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(base, path));
  const files = <T extends object>(section: T): T =>
    Object.fromEntries(
      Object.entries(section).map(([key, value]) => {
        if (key.endsWith('File') && typeof value === 'string') return [key, absolute(value)];
        const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
        return [key, nested ? files(value) : value];
      }),
    ) as T;
  const { faceProfile } = config.models;
  return {
    ...config,
    models: faceProfile === undefined ? config.models : { faceProfile: absolute(faceProfile) },
    stateDir: absolute(config.stateDir),
    keys: files(config.keys),
    mqtt: files(config.mqtt),
    devices: files(config.devices),
  };
}
