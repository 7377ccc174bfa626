/**
 * What a disk was told to write, in order, as QEMU's blklogwrites notes it (the format of the kernel's dm-log-writes, whose
 * documentation describes it): what a drive with a cache of its own has kept when the power goes can be made of it.
 */
import { open, readFile } from 'node:fs/promises';
import type { Rng } from '../../sim/people/finger/rng.ts';

const SECTOR_BYTES = 512;
/** LOG_FLUSH_FLAG and LOG_DISCARD_FLAG. */
const FLUSH = 1n;
const DISCARD = 4n;
/** One sector, before all entries. */
const SUPERBLOCK_BYTES = SECTOR_BYTES;

export interface DiskWrite {
  /** Where its entry begins in the log. */
  readonly logByte: number;
  readonly kind: 'write' | 'flush';
  /** Place on the disk, bytes. */
  readonly atByte: number;
  /** Empty for a flush. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a log whose writer was killed: its superblock is out of date, and an entry that was being written when others were
 * done already is zeros.
 */
function parseLog(log: Buffer): DiskWrite[] {
  const writes: DiskWrite[] = [];
  let at = SUPERBLOCK_BYTES;
  while (at + SECTOR_BYTES <= log.length) {
    const logByte = at;
    const [sector, sectors, flags] = [0, 8, 16].map(offset => log.readBigUInt64LE(at + offset));
    at += SECTOR_BYTES;
    if ((flags! & FLUSH) !== 0n) writes.push({ logByte, kind: 'flush', atByte: 0, bytes: new Uint8Array() });
    if (sectors === 0n || (flags! & DISCARD) !== 0n) continue;
    const end = at + Number(sectors) * SECTOR_BYTES;
    const bytes = log.subarray(at, end);
    writes.push({ logByte, kind: 'write', atByte: Number(sector) * SECTOR_BYTES, bytes });
    at = end;
  }
  return writes;
}

/** An honest drive has kept what it was told to flush; a lying one may have lost any of it. */
export type Drive = 'honest' | 'lying';

/** What became of the writes that no flush confirmed. */
export interface Cut {
  /** All writes on the log. */
  readonly writes: number;
  readonly flushes: number;
  /** Of those after the last flush: on the disk, not there, and there in part. */
  readonly kept: number;
  readonly dropped: number;
  readonly torn: number;
}

export interface PowerCut {
  readonly drive: Drive;
  /** Length of the log at that moment, bytes. */
  readonly logBytes: number;
  readonly rng: Rng;
}

/**
 * Brings a disk from where it was when its log began to where a power cut leaves it: what was written before the last
 * flush is there; of each later write all, nothing, or some of its sectors.
 */
export async function cutPower(disk: string, log: string, { drive, logBytes, rng }: PowerCut): Promise<Cut> {
  const all = parseLog(await readFile(log)).filter(({ logByte }) => logByte < logBytes);
  const flushed = drive === 'honest' ? all.findLastIndex(({ kind }) => kind === 'flush') : -1;
  const cut = { kept: 0, dropped: 0, torn: 0 };
  const fates = ['kept', 'dropped', 'torn'] as const;
  const file = await open(disk, 'r+');
  try {
    for (const [index, { atByte, bytes }] of all.entries()) {
      const fate = index < flushed ? 'kept' : rng.pick(fates);
      if (index > flushed && bytes.length > 0) cut[fate] += 1;
      if (fate === 'kept') await file.write(bytes, 0, bytes.length, atByte);
      if (fate !== 'torn') continue;
      for (let from = 0; from < bytes.length; from += SECTOR_BYTES)
        if (rng.chance(0.5))
          await file.write(bytes, from, Math.min(SECTOR_BYTES, bytes.length - from), atByte + from);
    }
  } finally {
    await file.close();
  }
  const flushes = all.filter(({ kind }) => kind === 'flush').length;
  return { writes: all.length - flushes, flushes, ...cut };
}
