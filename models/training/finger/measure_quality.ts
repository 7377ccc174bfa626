/** node measure_quality.ts PRINTS OUT.csv: what the quality measures of each print, and its best score with its record. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPairs } from '../../evaluate/finger-pairs.ts';
import { extractMinutiae } from '../../finger/extract.ts';
import { loadByCard, loadFingerModels, WEIGHTS } from '../../finger/load.ts';
import { normalise } from '../../finger/normalise.ts';
import { measure, type QualityMeasures } from '../../finger/quality-measures.ts';
import { decodeGray } from '../../image.ts';

const PPI = 500;

const [folder, out] = process.argv.slice(2);
if (!folder || !out) throw new Error('node measure_quality.ts PRINTS OUT.csv');
const models = await loadFingerModels();
const { graph } = await loadByCard('finger-extract', WEIGHTS, 1);
const read = (name: string) => readFile(join(folder, `${name}.png`));

const templates = new Map<string, Uint8Array>();
const templateOf = async (name: string): Promise<Uint8Array> => {
  const known = templates.get(name) ?? (await models.extractEncoded(await read(name), PPI)).template;
  templates.set(name, known);
  return known;
};

const rows: (QualityMeasures & { name: string; score: number })[] = [];
const pairs = await readPairs(join(folder, 'pairs.csv'));
for (const [name, own] of Map.groupBy(pairs, ({ a }) => a)) {
  const references = await Promise.all(own.map(({ b }) => templateOf(b)));
  const scores = await models.match(await templateOf(name), references);
  const image = normalise({ ...(await decodeGray(await read(name))), ppi: PPI });
  rows.push({ ...measure(await extractMinutiae(graph, image)), name, score: Math.max(...scores) });
}
const columns = Object.keys(rows[0] ?? {}) as (keyof (typeof rows)[number])[];
const lines = rows.map(row => columns.map(column => row[column]).join(','));
await writeFile(out, `${[columns.join(','), ...lines].join('\n')}\n`);
