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

/** ISO/IEC 19794-2:2011 table 5 finger position codes in words; the index + 1 is the code. */
export const FINGER_NAMES = [
  'right_thumb',
  'right_index',
  'right_middle',
  'right_ring',
  'right_little',
  'left_thumb',
  'left_index',
  'left_middle',
  'left_ring',
  'left_little',
] as const;
export type FingerName = (typeof FINGER_NAMES)[number];

/** Fingers that are laid down together on a large glass, as the 4-4-2 of slap scanners has them. */
export type SlapName = 'right_four' | 'left_four' | 'two_thumbs';

export type FingerCapture =
  /** The finger that was asked for first. */
  | { readonly kind: 'image'; readonly image: GrayImage }
  /** Several of the fingers asked for, told apart by the device. */
  | {
      readonly kind: 'fingers';
      readonly prints: readonly { readonly position: FingerName; readonly image: GrayImage }[];
    }
  /** One image of several fingers, not yet told apart; `positions` are those asked for, left to right on the glass. */
  | {
      readonly kind: 'slap';
      readonly slap: SlapName;
      readonly positions: readonly FingerName[];
      readonly image: GrayImage;
    }
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
  /** L1: signs its samples inside, with a key that cannot leave it. L0, or absent: trusted as far as this kiosk's software. */
  readonly trust?: 'L0' | 'L1';
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
  | 'DEVICE_SATURATED'
  | 'DEVICE_NOT_REGISTERED'
  | 'DEVICE_TRUST_FILE'
  | 'DEVICE_SIGNATURE'
  | 'DEVICE_CERTIFICATE'
  | 'DEVICE_CERTIFICATE_ENDED'
  | 'DEVICE_HASH'
  | 'DEVICE_REPLAYED'
  | 'DEVICE_OTHER_TRANSACTION'
  | 'DEVICE_OTHER_DEVICE'
  | 'DEVICE_TRUST_LEVEL';

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
   * @param wanted fingers still to come, the one asked for now first; a scanner of single fingers needs no names
   * @throws DeviceError when the sensor fails; the abort reason when `signal` aborts (the scanner stays usable).
   */
  capture(signal: AbortSignal, wanted?: readonly FingerName[]): Promise<FingerCapture>;
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

/** What a reader saw, not yet checked. */
export type Reading =
  /** The lines of a document's machine-readable zone (TD1: 3 of 30, TD3: 2 of 44). */
  | { readonly kind: 'zone'; readonly lines: readonly string[] }
  /** A bar code of one line that can be part of no zone. */
  | { readonly kind: 'code'; readonly text: string };

export interface DocumentReader extends AsyncDisposable {
  readonly identity: DeviceIdentity;
  /** The next thing held before the reader. What is neither of the two is dropped by the driver and counted. */
  read(signal: AbortSignal): Promise<Reading>;
}

/** Free for the next applicant, asking one for something, or in need of an officer. */
export type LightSignal = 'ready' | 'capture' | 'error';

export interface SignalLight extends AsyncDisposable {
  readonly identity: DeviceIdentity;
  /** Resolves when the light has taken it. @throws DeviceError */
  show(what: LightSignal): Promise<void>;
}
