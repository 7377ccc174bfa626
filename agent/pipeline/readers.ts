/** Several readers as one: a document reader and a code scanner beside it. */
import type { DocumentReader, Reading } from '../../drivers/device.ts';
import type { DeviceUse } from './ports.ts';

/**
 * What is held before any of them first. One that is away is waited for while the others are read; of two that read in the
 * same moment one is heard, and what lay on the other is asked for again as long as it is wanted.
 * @throws DeviceError; the abort reason of `signal`
 */
export async function firstReading(
  readers: readonly DeviceUse<DocumentReader>[],
  signal: AbortSignal,
): Promise<Reading> {
  const read = new AbortController();
  const both = AbortSignal.any([signal, read.signal]);
  const waiting = readers.map(reader => reader.use(device => device.read(both), both));
  try {
    return await Promise.race(waiting);
  } finally {
    read.abort(new Error('another reader was first'));
    await Promise.allSettled(waiting);
  }
}
