import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '../../error.ts';
import { readWeights, sha256Hex } from '../../runtime.ts';
import { prepare } from './rewrite.ts';

/** Where prepared weights are kept unless the caller says otherwise: systemd's CACHE_DIRECTORY, else the user's cache. */
export const defaultCacheDirectory = (): string =>
  process.env.CACHE_DIRECTORY?.split(':')[0] ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vantay');

/** Written beside and renamed, so that a power cut or a second process never leaves half a file under the final name. */
async function store(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export interface WeightSource {
  /** The file as its publisher made it. */
  readonly publishedPath: string;
  readonly publishedSha256: string;
  /** Of the file after {@link prepare}. */
  readonly preparedSha256: string;
  /** Of its card. */
  readonly task: string;
}

/**
 * The prepared weights: from the cache when they are there and whole, else made from the published file (and cached, where
 * the file system allows).
 * @throws ModelError MODEL_MISSING, MODEL_HASH (the published file is not the card's, or preparing gave something else)
 */
export async function preparedWeights(source: WeightSource, cacheDirectory: string): Promise<Uint8Array> {
  const cached = join(cacheDirectory, `${source.preparedSha256}.onnx`);
  const found = await readFile(cached).catch(() => undefined);
  if (found && sha256Hex(found) === source.preparedSha256) return found;
  const prepared = prepare(await readWeights(source.publishedPath, source.publishedSha256), source.task);
  const actual = sha256Hex(prepared);
  if (actual !== source.preparedSha256) {
    throw new ModelError(
      'MODEL_HASH',
      `${source.publishedPath} prepared has sha256 ${actual}, its card says ${source.preparedSha256}`,
    );
  }
  // A read-only or full file system costs the preparation at each start, nothing else.
  await mkdir(cacheDirectory, { recursive: true })
    .then(() => store(cached, prepared))
    .catch(() => undefined);
  return prepared;
}
