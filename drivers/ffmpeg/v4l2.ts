import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Where Linux describes its video devices, a folder each (Documentation/admin-guide/media, sysfs). */
const SYSFS = '/sys/class/video4linux';
/** Devices of no hardware stand here: v4l2loopback, and whatever else a program makes. */
const NO_HARDWARE = '/devices/virtual/';

export interface VideoDevice {
  /** The driver's name for it; begins with `virtual` where no hardware is behind it. */
  readonly model: string;
  /** Of the USB device; empty where there is none. */
  readonly serial: string;
}

const line = (path: string): Promise<string> => readFile(path, 'utf8').then(text => text.trim());

/**
 * What the kernel says of a video device, whatever the device says of itself to programs.
 * @param device such as `/dev/video0`, or a link to it
 * @returns null when it is none
 */
export async function videoDevice(device: string, sysfs = SYSFS): Promise<VideoDevice | null> {
  try {
    const folder = await realpath(join(sysfs, basename(await realpath(device))));
    const name = await line(join(folder, 'name'));
    // The USB device is what holds the interface that the video device belongs to.
    const usb = await realpath(join(folder, 'device')).then(dirname, () => '');
    const serial = usb === '' ? '' : await line(join(usb, 'serial')).catch(() => '');
    return { model: folder.includes(NO_HARDWARE) ? `virtual: ${name}` : name, serial };
  } catch {
    return null;
  }
}
