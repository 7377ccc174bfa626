import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Size of the reserve, bytes. On a full disk SQLite refuses deletes as well: they are written to its log first. Measured
 * on a full 48 MB file system: giving back 4 MB made deletes and inserts work again.
 */
const RESERVE_BYTES = 4 * 1024 * 1024;

/** Space set aside on the outbox's disk, given back when only that lets delivered packets be deleted, and taken again later. */
export class Reserve {
  readonly #path: string;

  constructor(outboxPath: string) {
    this.#path = `${outboxPath}.reserve`;
  }

  /** Whether it is there whole: a power cut while it was made leaves less. */
  get there(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.size === RESERVE_BYTES;
  }

  /** Gives the space back. False when it was given back already. */
  release(): boolean {
    if (!this.there) return false;
    rmSync(this.#path, { force: true });
    return true;
  }

  /** Takes the space again, if the disk has twice as much to spare. */
  make(): boolean {
    if (this.there) return true;
    if (this.freeBytes() < 2 * RESERVE_BYTES) return false;
    let file: number | null = null;
    try {
      file = openSync(this.#path, 'w', 0o600);
      // Noise: a file system that compresses would make nothing of zeros.
      writeFileSync(file, randomFillSync(new Uint8Array(RESERVE_BYTES)));
      fsyncSync(file);
      return true;
    } catch {
      rmSync(this.#path, { force: true });
      return false;
    } finally {
      if (file !== null) closeSync(file);
    }
  }

  /** Bytes that the agent's user may still write to this disk. */
  freeBytes(): number {
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    return bavail * bsize;
  }
}
