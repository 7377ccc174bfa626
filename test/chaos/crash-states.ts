/**
 * What a disk may hold after a power cut: everything that was synced, and of the rest whatever chance gives. The model is
 * that of a drive which keeps what it acknowledged, writes sectors whole, and orders nothing by itself; folder entries
 * count only once their folder was synced.
 */
import type { Rng } from '../../sim/people/finger/rng.ts';
import type { DiskChange } from './disk.ts';

/** Smallest part of a file that is written whole, bytes. */
const SECTOR_BYTES = 512;

/** How chance treats what was not synced: all gone, all there, or each change by itself kept, dropped or torn. */
type Treatment = 'drop' | 'keep' | 'mix';

/** A file in the making: a buffer with room, and the part of it that counts. */
class Growing {
  #bytes = Buffer.alloc(0);
  #length = 0;

  write(offset: number, bytes: Uint8Array): void {
    this.extend(offset + bytes.length);
    this.#bytes.set(bytes, offset);
  }

  extend(length: number): void {
    if (length <= this.#length) return;
    if (length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#length = length;
  }

  truncate(length: number): void {
    this.extend(length);
    this.#bytes.fill(0, length, this.#length);
    this.#length = length;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/**
 * The files after a cut just before change `cut`.
 * @param changes all changes, in order
 */
export function afterCut(changes: readonly DiskChange[], cut: number, rng: Rng): Map<string, Uint8Array> {
  const treatment: Treatment = rng.pick(['drop', 'keep', 'mix', 'mix']);
  const kept = (): boolean => treatment === 'keep' || (treatment === 'mix' && rng.chance(0.5));
  const synced = lastSyncs(changes, cut);
  // What a name of the running program stands for, and what the folder on the disk says it stands for.
  const inodes = new Map<string, Growing>();
  const entries = new Map<string, Growing>();
  for (const [index, change] of changes.slice(0, cut).entries()) {
    const survives = (syncedPath: string): boolean => (synced.get(syncedPath) ?? -1) > index || kept();
    const inode = inodes.get(change.path) ?? new Growing();
    switch (change.kind) {
      case 'create':
        inodes.set(change.path, new Growing());
        // Where its entry is lost, a file is lost with all that was written to it, synced or not.
        if (survives('.')) entries.set(change.path, inodes.get(change.path)!);
        break;
      case 'write':
        if (survives(change.path)) inode.write(change.offset, change.bytes);
        else if (treatment === 'mix' && rng.chance(0.5)) tear(inode, change.offset, change.bytes, rng);
        break;
      case 'truncate':
        if (survives(change.path)) inode.truncate(change.length);
        break;
      case 'unlink':
        inodes.delete(change.path);
        if (survives('.')) entries.delete(change.path);
        break;
      case 'rename':
        inodes.set(change.to, inode);
        if (!survives('.')) break;
        entries.delete(change.path);
        entries.set(change.to, inode);
        break;
      case 'sync':
        break;
    }
  }
  return new Map([...entries].map(([path, file]) => [path, file.bytes]));
}

/** The files with every change in place: what the disk must hold if the log is complete. */
export function afterAll(changes: readonly DiskChange[]): Map<string, Uint8Array> {
  const keepsAll = { pick: () => 'keep' } as unknown as Rng;
  return afterCut(changes, changes.length, keepsAll);
}

/** Last sync before the cut, by path. */
function lastSyncs(changes: readonly DiskChange[], cut: number): Map<string, number> {
  const last = new Map<string, number>();
  for (let index = 0; index < cut; index++) {
    const change = changes[index]!;
    if (change.kind === 'sync') last.set(change.path, index);
    // What was synced under its first name stays synced under the next.
    if (change.kind === 'rename') last.set(change.to, last.get(change.path) ?? -1);
  }
  return last;
}

/** Some sectors arrive, others hold what was there before or nothing. */
function tear(file: Growing, offset: number, bytes: Uint8Array, rng: Rng): void {
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    const part = bytes.subarray(at, at + SECTOR_BYTES);
    if (rng.chance(0.5)) file.write(offset + at, part);
    else file.extend(offset + at + part.length);
  }
}
