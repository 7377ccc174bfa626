/** Embeddings for the bench: made up, and, where the development data are there, of real faces. */
import { randomFillSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadFaceModels } from '../../models/face/index.ts';

export const LENGTH = 512;
/** Standard deviation of a row's bytes: they end at five of them. */
const BYTE_SIGMA = 127 / 5;
const TABLE = 65_536;

/** Bytes as those of unit vectors in any direction: normal, cut at five standard deviations. */
const normalBytes = Int8Array.from({ length: TABLE }, () => {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Math.max(-127, Math.min(127, Math.round(normal * BYTE_SIGMA)));
});

/** Made-up records with ids from `first` on, some thousand at a time. */
export function* madeUp(first: number, count: number, lot = 2048) {
  for (let from = 0; from < count; from += lot) {
    const size = Math.min(lot, count - from);
    const random = randomFillSync(new Uint16Array(size * LENGTH));
    const bytes = new Int8Array(random.length);
    for (let at = 0; at < bytes.length; at++) bytes[at] = normalBytes[random[at]!]!;
    yield { ids: Uint32Array.from({ length: size }, (_, at) => first + from + at), bytes };
  }
}

/** A probe of somebody with such a row, as another picture of them might be: cosine about 0.6. */
export const likeness = (row: Int8Array): Float32Array =>
  Float32Array.from(row, value => value + normalBytes[Math.floor(Math.random() * TABLE)]! * (4 / 3));

export interface RealFace {
  readonly person: string;
  readonly embedding: Float32Array;
}

/** The development data; null where they are not there. */
export function developmentData(): string | null {
  const folder = process.env.VANTAY_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
  return existsSync(`${folder}/face`) && existsSync(`${folder}/finger`) ? folder : null;
}

/** Every face of LFW-a in the development data; none where they are not there. Takes minutes. */
export async function realFaces(progress: (text: string) => void): Promise<readonly RealFace[]> {
  const data = developmentData();
  if (!data) return [];
  const folder = `${data}/face/lfwa`;
  const models = await loadFaceModels();
  const faces: RealFace[] = [];
  const files = (await readdir(folder)).filter(name => name.endsWith('.jpg')).sort();
  for (const [at, name] of files.entries()) {
    if (at % 100 === 0) progress(`real faces: ${at} of ${files.length}`);
    const { face } = await models.analyse(await readFile(`${folder}/${name}`));
    if (face) faces.push({ person: name.replace(/_\d+\.jpg$/, ''), embedding: face.embedding });
  }
  return faces;
}
