import { type Blink1Settings, openBlink1 } from './blink1/driver.ts';
import { type BusylightSettings, openBusylight } from './busylight/driver.ts';
import type { Camera, DocumentReader, FingerScanner, SignalLight } from './device.ts';
import { type FfmpegSettings, openFfmpeg } from './ffmpeg/driver.ts';
import { type HidPosSettings, openHidPos } from './hid-pos/driver.ts';
import type { Tap } from './link/tape.ts';
import { type MjpegHttpSettings, openMjpegHttp } from './mjpeg/driver.ts';
import { openR30x, type R30xSettings } from './r30x/driver.ts';
import { openSbiCamera } from './sbi/camera.ts';
import { type Jpeg2000, openSbiScanner } from './sbi/scanner.ts';
import type { SbiSettings } from './sbi/service.ts';
import { openSerialMrz, type SerialMrzSettings } from './serial-mrz/driver.ts';
import type { Supervisable } from './supervise.ts';

/** Which device, through which driver; the fields of each kind are its driver's. */
export type ScannerSettings =
  | ({ readonly kind: 'r30x' } & Omit<R30xSettings, 'likelyBaud'>)
  | ({ readonly kind: 'sbi'; readonly jpeg2000: Jpeg2000 } & SbiSettings);
export type CameraSettings =
  | ({ readonly kind: 'mjpeg-http' } & MjpegHttpSettings)
  | ({ readonly kind: 'ffmpeg' } & FfmpegSettings)
  | ({ readonly kind: 'sbi' } & SbiSettings);
export type ReaderSettings =
  | ({ readonly kind: 'serial-mrz' } & SerialMrzSettings)
  | ({ readonly kind: 'hid-pos' } & HidPosSettings);

export type LightSettings =
  | ({ readonly kind: 'blink1' } & Blink1Settings)
  | ({ readonly kind: 'busylight' } & BusylightSettings);

/** Opens a device, anew each time; for `supervise`. A tap between driver and link serves the first opening. */
export type Open<D> = (signal: AbortSignal) => Promise<D & Supervisable>;

/** The opener remembers the line speed that it found, so that a sensor that comes back is found at once. */
export function scannerOpener(settings: ScannerSettings, tap?: Tap): Open<FingerScanner> {
  if (settings.kind === 'sbi') return signal => openSbiScanner(settings, settings.jpeg2000, signal, { tap });
  let likelyBaud: number | undefined;
  return async signal => {
    const scanner = await openR30x(
      { ...settings, ...(likelyBaud === undefined ? {} : { likelyBaud }) },
      signal,
      tap,
    );
    likelyBaud = scanner.parameters.baud;
    return scanner;
  };
}

export function cameraOpener(settings: CameraSettings, tap?: Tap): Open<Camera> {
  if (settings.kind === 'mjpeg-http') return signal => openMjpegHttp(settings, signal, tap);
  if (settings.kind === 'sbi') return signal => openSbiCamera(settings, signal, tap);
  return signal => openFfmpeg(settings, signal, tap);
}

export function readerOpener(settings: ReaderSettings, tap?: Tap): Open<DocumentReader> {
  if (settings.kind === 'hid-pos') return signal => openHidPos(settings, signal, tap);
  return signal => openSerialMrz(settings, signal, tap);
}

export function lightOpener(settings: LightSettings): Open<SignalLight> {
  if (settings.kind === 'busylight') return signal => openBusylight(settings, signal);
  return signal => openBlink1(settings, signal);
}
