import { pause } from './deadline.ts';
import { type ListedDevice, listDevices } from './list-devices.ts';

/** What came or went since the look before. */
export interface DeviceChange {
  readonly change: 'came' | 'went';
  readonly device: ListedDevice;
}

/** sysfs costs about a millisecond a look; a hand is no faster. */
const LOOK_EVERY_MS = 500;

/**
 * What is plugged in, then each change. By looking again and again: the kernel's own notices need a netlink socket,
 * which Node has not, and are not told in containers.
 * @param root of the file system, for tests
 * @throws the abort reason when `signal` aborts
 */
export async function* watchDevices(
  signal: AbortSignal,
  root = '/',
): AsyncGenerator<DeviceChange, never, void> {
  let before = new Map<string, ListedDevice>();
  for (;;) {
    signal.throwIfAborted();
    const now = new Map((await listDevices(root)).map(device => [keyOf(device), device]));
    for (const [key, device] of before) if (!now.has(key)) yield { change: 'went', device };
    for (const [key, device] of now) if (!before.has(key)) yield { change: 'came', device };
    before = now;
    await pause(LOOK_EVERY_MS, signal);
  }
}

const keyOf = (device: ListedDevice): string => JSON.stringify(device);
