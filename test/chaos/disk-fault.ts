/** A disk that is full, or fails, at every change of a delivery in turn. */

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { buildDisk, type ERRNO, makeControl, watchedEnvironment } from './disk.ts';

export interface DiskFault {
  readonly error: keyof typeof ERRNO;
  /** Whether every change after it fails as well, until the disk is mended. */
  readonly sticky: boolean;
}

export interface DiskFaultResult {
  /** Changes of a delivery that failed in turn, for each kind of fault. */
  readonly places: readonly number[];
  readonly deliveries: number;
  readonly lost: number;
  readonly corrupt: number;
  readonly undelivered: number;
  /** What the outbox said meanwhile, by code. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly complaints: readonly string[];
}

/**
 * Fails every change of a delivery in turn.
 * @param folder an empty one
 * @param kinds `each` kind of fault at every change, or the kinds in `turns`: a quarter of the deliveries
 */
export async function diskFaults(folder: string, kinds: 'each' | 'turns'): Promise<DiskFaultResult> {
  const library = join(folder, 'disk.so');
  buildDisk(library);
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const control = join(folder, 'control');
  makeControl(control);
  mkdirSync(join(folder, 'keys'));
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('disk-fault-child.ts', import.meta.url)),
      disk,
      control,
      join(folder, 'keys'),
      kinds,
    ],
    { env: watchedEnvironment(library, { folder: disk, control }), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse(await text(child.stdout)) as DiskFaultResult;
}
