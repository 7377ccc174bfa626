import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { GENERATOR_VERSION, type Master, type PatternClass } from './finger/index.ts';

/** Where masters are kept unless told otherwise: one folder a user, as the temporary folder belongs to all. */
export const defaultCacheFolder = (): string => join(tmpdir(), `vantay-people-${userInfo().uid}`);

/** First bytes of a cache file; then 32 bytes of SHA-256 over the rest, 4 of the head's length, JSON head, ridges. */
const MAGIC = Buffer.from('VTMASTER');
const HASH_BYTES = 32;

const fileOf = (folder: string, seed: number, patternClass: PatternClass): string =>
  join(folder, `v${GENERATOR_VERSION}-${patternClass}-${seed.toString(16).padStart(8, '0')}.master`);

/** The kept master, or undefined where there is none or the file is damaged in any way. */
export function readMaster(folder: string, seed: number, patternClass: PatternClass): Master | undefined {
  try {
    const bytes = readFileSync(fileOf(folder, seed, patternClass));
    const body = bytes.subarray(MAGIC.length + HASH_BYTES);
    const hash = createHash('sha256').update(body).digest();
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    if (!bytes.subarray(MAGIC.length, MAGIC.length + HASH_BYTES).equals(hash)) return undefined;
    const headEnd = 4 + body.readUInt32LE(0);
    const head = JSON.parse(body.toString('utf8', 4, headEnd)) as Omit<Master, 'ridges'>;
    const ridges = new Int8Array(body.subarray(headEnd));
    const whole =
      head.seed === seed && head.patternClass === patternClass && ridges.length === head.width * head.height;
    return whole ? { ...head, ridges } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps a master: written beside and renamed, so that a reader sees all of it or none.
 * A folder that cannot be written costs time at the next start and nothing else, so it is not an error.
 */
export function writeMaster(folder: string, master: Master): void {
  const { ridges, ...rest } = master;
  const head = Buffer.from(JSON.stringify(rest));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const body = Buffer.concat([length, head, Buffer.from(ridges.buffer, ridges.byteOffset, ridges.length)]);
  const hash = createHash('sha256').update(body).digest();
  const unfinished = join(folder, `${randomUUID()}.unfinished`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return;
  }
  try {
    writeFileSync(unfinished, Buffer.concat([MAGIC, hash, body]), { mode: 0o600 });
    renameSync(unfinished, fileOf(folder, master.seed, master.patternClass));
  } catch {
    rmSync(unfinished, { force: true });
  }
}
