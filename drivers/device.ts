/**
 * What a device means to the agent. Drivers implement these; nothing here knows a wire.
 *
 * Three outcomes are kept apart (as libfprint keeps retry codes apart from errors): an image, advice that the
 * applicant can act on, and a {@link DeviceError} that an officer must mend. Anything else that is thrown is a bug.
 */

/** An 8-bit grey image as a sensor gave it. Row-major, `pixels.length === width * height`, 0 black .. 255 white; ridges dark. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  /** Resolution in pixels per inch. */
  readonly ppi: number;
  readonly pixels: Uint8Array;
}

/** What an applicant can mend while standing at a device. Stable words: the screen keys its messages on them. */
export type CaptureAdvice =
  | 'place_finger'
  | 'lift_finger'
  | 'finger_moved'
  | 'press_harder'
  | 'finger_too_wet'
  | 'finger_too_dry';

export type FingerCapture =
  | { readonly kind: 'image'; readonly image: GrayImage }
  | { readonly kind: 'advice'; readonly reason: CaptureAdvice };

/** Who made the device and which one it is, for the packet and for `devices`. */
export interface DeviceIdentity {
  /** Driver family: 'r30x', 'mjpeg-http', 'ffmpeg', 'serial-mrz', ... */
  readonly driver: string;
  readonly model: string;
  /** Serial number, or '' where the device has none to read. */
  readonly serial: string;
  /** What it hangs on: a tty path, a URL without credentials. */
  readonly location: string;
}

/** Stable codes of what can go wrong with a device; each is in the error catalogue with cause and remedy. */
export type DeviceErrorCode =
  | 'DEVICE_NOT_FOUND'
  | 'DEVICE_IN_USE'
  | 'DEVICE_NO_PERMISSION'
  | 'DEVICE_GONE'
  | 'DEVICE_TIMEOUT'
  | 'DEVICE_PROTOCOL'
  | 'DEVICE_WRONG_PASSWORD'
  | 'DEVICE_FAULT'
  | 'DEVICE_FROZEN'
  | 'DEVICE_BLACK'
  | 'DEVICE_SATURATED';

/** A fault that an officer or operator must mend. The message is for a log: it names the device, never a person. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: DeviceErrorCode;
  constructor(code: DeviceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface FingerScanner extends AsyncDisposable {
  readonly identity: DeviceIdentity;
  /**
   * One attempt: waits until a finger lies on the sensor, then reads its image.
   * @throws DeviceError when the sensor fails; the abort reason when `signal` aborts (the scanner stays usable).
   */
  capture(signal: AbortSignal): Promise<FingerCapture>;
  /** Resolves once no finger lies on the sensor any more. */
  lifted(signal: AbortSignal): Promise<void>;
}

export interface CameraFrame {
  /** The frame as the camera compressed it: one JPEG file. */
  readonly jpeg: Uint8Array;
  /** Counts frames of this stream from 0; a gap means frames were dropped on purpose. */
  readonly sequence: number;
  /** Monotonic arrival time in milliseconds (`performance.now()` of the agent's main process). */
  readonly arrivedAtMs: number;
}

export interface Camera extends AsyncDisposable {
  readonly identity: DeviceIdentity;
  /**
   * Frames as they come, the newest only: a slow consumer misses frames and never sees an old one late.
   * The iteration throws DeviceError when the stream ends, stalls, freezes, or shows only black or white.
   */
  frames(signal: AbortSignal): AsyncIterable<CameraFrame>;
}

export interface DocumentReader extends AsyncDisposable {
  readonly identity: DeviceIdentity;
  /**
   * The next document laid on the reader, as the lines of its machine-readable zone (TD1: 3 lines of 30, TD3: 2 of 44),
   * not yet checked. Lines that cannot be a zone are dropped by the driver and counted.
   */
  read(signal: AbortSignal): Promise<readonly string[]>;
}

/** Free for the next applicant, asking one for something, or in need of an officer. */
export type LightSignal = 'ready' | 'capture' | 'error';

export interface SignalLight extends AsyncDisposable {
  readonly identity: DeviceIdentity;
  /** Resolves when the light has taken it. @throws DeviceError */
  show(what: LightSignal): Promise<void>;
}
