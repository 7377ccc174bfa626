import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Something plugged in that a driver could be configured for. */
export interface ListedDevice {
  readonly bus: 'serial' | 'video' | 'hid';
  /** What to write into the settings: the name that stays the same over unplugging, where udev made one. */
  readonly path: string;
  /** The device node of the moment. */
  readonly node: string;
  /** Four hexadecimal digits each, lower case; '' for what hangs on no USB. */
  readonly vendorId: string;
  readonly productId: string;
  readonly serial: string;
  readonly description: string;
}

const BUSES = [
  { bus: 'serial', deviceClass: 'tty', stableNames: 'serial/by-id' },
  { bus: 'video', deviceClass: 'video4linux', stableNames: 'v4l/by-id' },
  { bus: 'hid', deviceClass: 'hidraw', stableNames: 'vantay' },
] as const;

/**
 * What is plugged in now, read from sysfs: serialport's own list needs udevadm, which small systems lack. Ptys and
 * virtual consoles have no device behind them and are not listed.
 * @param root of the file system, for tests
 */
export async function listDevices(root = '/'): Promise<ListedDevice[]> {
  const lists = await Promise.all(
    BUSES.map(async ({ bus, deviceClass, stableNames }) => {
      const classPath = join(root, 'sys/class', deviceClass);
      const stable = await stablePaths(root, stableNames);
      const found = (await names(classPath)).map(name => describe(bus, join(classPath, name), stable));
      return (await Promise.all(found)).filter(device => device !== undefined);
    }),
  );
  return lists.flat();
}

async function describe(
  bus: ListedDevice['bus'],
  classEntry: string,
  stable: ReadonlyMap<string, string>,
): Promise<ListedDevice | undefined> {
  const name = basename(classEntry);
  const device = await realpath(join(classEntry, 'device')).catch(() => undefined);
  // A kernel makes ttyS0 .. ttyS3 whether they exist or not; type 0 is a port without a chip (serial_core.h).
  if (device === undefined || (await text(classEntry, 'type')) === '0') return undefined;
  const usb = await usbDeviceAbove(device);
  const ids = bus === 'hid' ? await hidIds(device) : undefined;
  const product = usb === undefined ? '' : await text(usb, 'product');
  return {
    bus,
    path: stable.get(name) ?? `/dev/${name}`,
    node: `/dev/${name}`,
    vendorId: ids?.vendorId ?? (usb === undefined ? '' : (await text(usb, 'idVendor')).toLowerCase()),
    productId: ids?.productId ?? (usb === undefined ? '' : (await text(usb, 'idProduct')).toLowerCase()),
    serial: ids?.serial ?? (usb === undefined ? '' : await text(usb, 'serial')),
    description: ids?.name ?? ((await text(classEntry, 'name')) || product),
  };
}

/** What the kernel's HID core knows of a device, whatever bus it is on: `HID_ID=0003:000010C4:0000EA80` and more. */
async function hidIds(device: string) {
  const event = await text(device, 'uevent');
  const id = /^HID_ID=[0-9A-F]+:0000([0-9A-F]{4}):0000([0-9A-F]{4})$/m.exec(event);
  if (id === null) return undefined;
  return {
    vendorId: id[1]!.toLowerCase(),
    productId: id[2]!.toLowerCase(),
    serial: /^HID_UNIQ=(.*)$/m.exec(event)?.[1] ?? '',
    name: /^HID_NAME=(.*)$/m.exec(event)?.[1] ?? '',
  };
}

/** The folder of the USB device that carries an interface's folder. */
async function usbDeviceAbove(path: string): Promise<string | undefined> {
  for (let at = path; at !== dirname(at); at = dirname(at))
    if ((await text(at, 'idVendor')) !== '') return at;
  return undefined;
}

/** Device name to its first stable path. */
async function stablePaths(root: string, folder: string): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const name of await names(join(root, 'dev', folder))) {
    const target = await realpath(join(root, 'dev', folder, name)).catch(() => undefined);
    if (target !== undefined && !paths.has(basename(target)))
      paths.set(basename(target), join('/dev', folder, name));
  }
  return paths;
}

/** What is not there is empty: each machine has only some of the classes. */
async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

async function text(folder: string, name: string): Promise<string> {
  return (await readFile(join(folder, name), 'utf8').catch(() => '')).trim();
}
