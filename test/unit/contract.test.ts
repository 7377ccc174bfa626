import { readdirSync, readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { contractDocuments } from '../../agent/contract/documents.ts';
import { VERSION } from '../../agent/version.ts';

const documents = contractDocuments(VERSION);
const GENERATED = new URL('../../agent/contract/generated/', import.meta.url);

describe('the generated documents', () => {
  it('are the committed ones, no more and no fewer', () => {
    expect(readdirSync(GENERATED).sort()).toEqual([...documents.keys()].sort());
    for (const [name, text] of documents)
      expect(readFileSync(new URL(name, GENERATED), 'utf8'), name).toBe(text);
  });

  it('are JSON Schemas that a validator of draft 2020-12 takes', () => {
    const schemas = [...documents].filter(([name]) => name.endsWith('.schema.json'));
    expect(schemas.length).toBeGreaterThanOrEqual(12);
    for (const [name, text] of schemas) {
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      expect(ajv.validateSchema(JSON.parse(text)), name).toBe(true);
    }
  });

  it('say what is refused: an unknown key, and a packet of another version', () => {
    const schema = JSON.parse(documents.get('screen-input.schema.json') ?? '{}');
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    expect(validate({ type: 'start' })).toBe(true);
    expect(validate({ type: 'start', extra: 1 })).toBe(false);
    expect(validate({ type: 'dance' })).toBe(false);
  });

  it('hold an AsyncAPI 3 document without errors', async () => {
    const { diagnostics } = await new Parser().parse(documents.get('asyncapi.json') ?? '');
    const errors = diagnostics.filter(({ severity }) => severity === 0);
    expect(errors.map(({ message, path }) => `${path.join('.')}: ${message}`)).toEqual([]);
  });

  it('hold an OpenAPI document that names every path of both servers, and every method', () => {
    const { paths } = JSON.parse(documents.get('openapi.json') ?? '{}') as { paths: Record<string, object> };
    const source = (name: string) => readFileSync(new URL(`../../agent/${name}`, import.meta.url), 'utf8');
    const screen = [...source('screen/server.ts').matchAll(/server\.(get|post)\('(\/api\/[^']+)'/g)];
    const desk = source('officer/server.ts')
      .replaceAll(/\$\{SIGN_IN\}/g, '/officer/api/sign-in')
      .replaceAll('(SIGN_IN,', '(`/officer/api/sign-in`,')
      .replaceAll(/\$\{API\}/g, '/officer/api/')
      .replace(/server\.get\(`([^`]*)\$\{which\}([^`]*)`/, 'server.get(`$1taken$2` server.get(`$1record$2`')
      .matchAll(/server\.(get|post)\(`(\/officer\/api\/[^`]+)`/g);
    const served = [...screen, ...desk].map(([, method, path]) => `${method} ${path}`);
    expect(served.length).toBeGreaterThanOrEqual(18);
    const named = Object.entries(paths).flatMap(([path, what]) =>
      Object.keys(what).map(method => `${method} ${path}`),
    );
    expect(named.sort()).toEqual(served.sort());
  });
});
