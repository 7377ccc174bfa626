/** Files of keys: written whole or not at all, for their owner only. */
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KeyError } from './errors.ts';

/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;

/**
 * Reads a PIN, after a look at who else may.
 * @throws KeyError KEY_EXPOSED, KEY_PIN_MISSING
 */
export async function readPin(path: string): Promise<Buffer> {
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS) !== 0)
      throw new KeyError('KEY_EXPOSED', `${path} has the mode ${(mode & 0o777).toString(8)}`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof KeyError) throw cause;
    throw new KeyError('KEY_PIN_MISSING', `cannot read ${path}`, { cause });
  }
}

/** Writes a file durably: after a power cut it is the old one or the new one. Mode 0600. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, `.${basename(path)}.partial`);
  await rm(partial, { force: true });
  const file = await open(partial, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
  const parent = await open(folder, 'r');
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}

/** The text of a file; null when there is none. */
export const readIfThere = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
