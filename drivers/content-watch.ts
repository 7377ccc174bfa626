import sharp from 'sharp';
import { DeviceError } from './device.ts';

export interface ContentLimits {
  /** Frames equal to the last byte for this long mean a hung camera: a sensor's noise changes every frame. */
  readonly frozenAfterMs: number;
  /** A picture all black or all white for this long means a covered, unpowered or dazzled camera. */
  readonly blankAfterMs: number;
}

export const CONTENT_LIMITS: ContentLimits = { frozenAfterMs: 5_000, blankAfterMs: 3_000 };

/** How often a frame is decoded to look at its brightness. */
const SAMPLE_INTERVAL_MS = 1_000;
/** The picture is looked at in this many places a side. */
const SAMPLE_SIDE = 32;
/**
 * Luma of 255 that a black picture does not exceed, and that a saturated one does not fall below: no room, however dim
 * or bright, and no covered face has all its places beyond them. One place in fifty may, for dead pixels and captions.
 */
const BLACK_LUMA = 16;
const SATURATED_LUMA = 250;
const IGNORED_SHARE = 0.02;
/** So many samples in a row that are no picture at all mean the stream is broken. */
const MAX_UNDECODABLE_SAMPLES = 3;

type Look = 'fine' | 'black' | 'saturated' | 'undecodable';

/**
 * Watches what a camera shows, not only that it shows something. Comparing costs a memory compare a frame; a small
 * decode once a second runs on sharp's threads.
 */
export class ContentWatch {
  readonly #location: string;
  readonly #limits: ContentLimits;
  readonly #onFault: (error: DeviceError) => void;
  #previous: Uint8Array | undefined;
  #changedAtMs = 0;
  #sampledAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #blank: { look: 'black' | 'saturated'; sinceMs: number } | undefined;
  #undecodable = 0;

  /** @param onFault hears DEVICE_FROZEN, DEVICE_BLACK, DEVICE_SATURATED or DEVICE_PROTOCOL, perhaps more than once */
  constructor(location: string, limits: ContentLimits, onFault: (error: DeviceError) => void) {
    this.#location = location;
    this.#limits = limits;
    this.#onFault = onFault;
  }

  /** Takes note of a frame that arrived at `atMs`, monotonic. */
  see(jpeg: Uint8Array, atMs: number): void {
    if (this.#previous === undefined || Buffer.compare(this.#previous, jpeg) !== 0) {
      this.#previous = jpeg;
      this.#changedAtMs = atMs;
    } else if (atMs - this.#changedAtMs >= this.#limits.frozenAfterMs) {
      this.#fault('DEVICE_FROZEN', `shows the same frame for ${Math.round(atMs - this.#changedAtMs)} ms`);
    }
    if (this.#looking !== undefined || atMs - this.#sampledAtMs < SAMPLE_INTERVAL_MS) return;
    this.#sampledAtMs = atMs;
    this.#looking = lookAt(jpeg).then(look => {
      this.#looking = undefined;
      this.#judge(look, atMs);
    });
  }

  /** The look at a frame's brightness that is under way, if any; never rejects. */
  get looking(): Promise<void> | undefined {
    return this.#looking;
  }

  #judge(look: Look, atMs: number): void {
    this.#undecodable = look === 'undecodable' ? this.#undecodable + 1 : 0;
    if (this.#undecodable >= MAX_UNDECODABLE_SAMPLES)
      this.#fault('DEVICE_PROTOCOL', 'sends frames that are no pictures');
    if (look !== 'black' && look !== 'saturated') {
      this.#blank = undefined;
      return;
    }
    if (this.#blank?.look !== look) this.#blank = { look, sinceMs: atMs };
    const lastedMs = atMs - this.#blank.sinceMs;
    if (lastedMs < this.#limits.blankAfterMs) return;
    this.#fault(
      look === 'black' ? 'DEVICE_BLACK' : 'DEVICE_SATURATED',
      `shows only ${look} for ${Math.round(lastedMs)} ms`,
    );
  }

  #fault(
    code: 'DEVICE_FROZEN' | 'DEVICE_BLACK' | 'DEVICE_SATURATED' | 'DEVICE_PROTOCOL',
    what: string,
  ): void {
    this.#onFault(new DeviceError(code, `${this.#location}: the camera ${what}`));
  }
}

async function lookAt(jpeg: Uint8Array): Promise<Look> {
  try {
    const places = await sharp(jpeg, { failOn: 'none' })
      .resize(SAMPLE_SIDE, SAMPLE_SIDE, { fit: 'fill', kernel: 'nearest' })
      .greyscale()
      .raw()
      .toBuffer();
    places.sort();
    const ignored = Math.round(places.length * IGNORED_SHARE);
    if (places.at(-1 - ignored)! <= BLACK_LUMA) return 'black';
    return places.at(ignored)! >= SATURATED_LUMA ? 'saturated' : 'fine';
  } catch {
    // Which of sharp's errors it was does not matter: the frame is no picture.
    return 'undecodable';
  }
}
