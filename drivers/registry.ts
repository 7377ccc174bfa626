import { readdir, readFile } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import type { Camera, DocumentReader, FingerScanner } from './device.ts';
import { type FfmpegSettings, openFfmpeg } from './ffmpeg/driver.ts';
import { type MjpegHttpSettings, openMjpegHttp } from './mjpeg/driver.ts';
import { openR30x, type R30xSettings } from './r30x/driver.ts';
import { openSerialMrz, type SerialMrzSettings } from './serial-mrz/driver.ts';
import type { Supervisable } from './supervise.ts';

/** Which device, through which driver; the fields of each kind are its driver's. */
export type ScannerSettings = { readonly kind: 'r30x' } & Omit<R30xSettings, 'likelyBaud'>;
export type CameraSettings =
  | ({ readonly kind: 'mjpeg-http' } & MjpegHttpSettings)
  | ({ readonly kind: 'ffmpeg' } & FfmpegSettings);
export type ReaderSettings = { readonly kind: 'serial-mrz' } & SerialMrzSettings;

/** Opens a device, anew each time; for `supervise`. */
export type Open<D> = (signal: AbortSignal) => Promise<D & Supervisable>;

/** The opener remembers the line speed that it found, so that a sensor that comes back is found at once. */
export function scannerOpener(settings: ScannerSettings): Open<FingerScanner> {
  let likelyBaud: number | undefined;
  return async signal => {
    const scanner = await openR30x(
      { ...settings, ...(likelyBaud === undefined ? {} : { likelyBaud }) },
      signal,
    );
    likelyBaud = scanner.parameters.baud;
    return scanner;
  };
}

export function cameraOpener(settings: CameraSettings): Open<Camera> {
  if (settings.kind === 'mjpeg-http') return signal => openMjpegHttp(settings, signal);
  return signal => openFfmpeg(settings, signal);
}

export function readerOpener(settings: ReaderSettings): Open<DocumentReader> {
  return signal => openSerialMrz(settings, signal);
}

/** Something plugged in that a driver could be configured for. */
export interface ListedDevice {
  readonly bus: 'serial' | 'video';
  /** What to write into the settings. */
  readonly path: string;
  /** Four hexadecimal digits each, lower case; '' where the bus tells none, as for ttys that are no USB devices. */
  readonly vendorId: string;
  readonly productId: string;
  readonly serial: string;
  readonly description: string;
}

const VIDEO_CLASS = '/sys/class/video4linux';

/** What is plugged in now: serial ports and video devices. Ptys are never listed. */
export async function listDevices(): Promise<ListedDevice[]> {
  const [ports, videos] = await Promise.all([SerialPort.list(), listVideos()]);
  const serials = ports.map(port => ({
    bus: 'serial' as const,
    path: port.path,
    vendorId: port.vendorId?.toLowerCase() ?? '',
    productId: port.productId?.toLowerCase() ?? '',
    serial: port.serialNumber ?? '',
    description: port.manufacturer ?? port.pnpId ?? '',
  }));
  return [...serials, ...videos];
}

async function listVideos(): Promise<ListedDevice[]> {
  // A kernel without video devices has no such folder.
  const names = await readdir(VIDEO_CLASS).catch(() => []);
  return Promise.all(
    names.sort().map(async name => ({
      bus: 'video' as const,
      path: `/dev/${name}`,
      vendorId: await attribute(name, 'device/../idVendor'),
      productId: await attribute(name, 'device/../idProduct'),
      serial: await attribute(name, 'device/../serial'),
      description: await attribute(name, 'name'),
    })),
  );
}

async function attribute(name: string, attributePath: string): Promise<string> {
  const text = await readFile(`${VIDEO_CLASS}/${name}/${attributePath}`, 'utf8').catch(() => '');
  return text.trim();
}
