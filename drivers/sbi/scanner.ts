import { randomUUID } from 'node:crypto';
import { pause } from '../deadline.ts';
import {
  DeviceError,
  type DeviceIdentity,
  type FingerCapture,
  type FingerName,
  type FingerScanner,
  type GrayImage,
} from '../device.ts';
import { Lock } from '../lock.ts';
import type { FingerImageRecord } from './record.ts';
import { type BelievedSample, believe } from './sample.ts';
import { findSbiDevice, refusal, type SbiDevice, type SbiSettings, type SbiUse } from './service.ts';
import { captureAnswer, captureRequest, SLAP_FINGERS, slapOf, VERB } from './wire.ts';

/** JPEG 2000 is read by whoever opens the scanner, apart from this thread: an image of a slap takes a while. */
export interface Jpeg2000 {
  /** @returns 8-bit pixels, `components` of them a place */
  decode(
    file: Uint8Array,
    signal: AbortSignal,
  ): Promise<{
    readonly width: number;
    readonly height: number;
    readonly components: number;
    readonly pixels: Uint8Array;
  }>;
}

/** How long the device waits for fingers before it is asked again, in milliseconds; then it answers with the best it saw. */
const CAPTURE_MS = 10_000;
/** It may need so much longer to sign and to compress. */
const ANSWER_LIMITS = { withinMs: CAPTURE_MS + 10_000, maxBytes: 33_554_432 };
/** The device takes the first prints that reach this quality (NFIQ 2); the agent judges them itself. */
const REQUESTED_SCORE = 40;
/** "errorCode" 101, 102, 105: nothing that could be read lay there, or lay askew. */
const NOTHING_SEEN = ['101', '102', '105'];
/** A hand needs so long to leave the glass; the device does not say when it has. */
const LEAVING_MS = 700;
/** Hashes that are remembered to know a sample that comes again; a visit has about ten. */
const REMEMBERED_HASHES = 1_000;

/** Finds the device and has it prove who it is. @throws DeviceError as {@link findSbiDevice} does */
export async function openSbiScanner(
  settings: SbiSettings,
  jpeg2000: Jpeg2000,
  signal: AbortSignal,
  use: SbiUse = {},
): Promise<SbiScanner> {
  const device = await findSbiDevice('Finger', settings, signal, use);
  return new SbiScanner(device, jpeg2000, use.transactionId);
}

/** A fingerprint scanner behind a MOSIP SBI 0.9.5 service. It holds no line open: each question is a connection. */
export class SbiScanner implements FingerScanner {
  readonly identity: DeviceIdentity;
  readonly #device: SbiDevice;
  readonly #jpeg2000: Jpeg2000;
  readonly #transactionId: () => string;
  readonly #lock = new Lock();
  readonly #seen = new Set<string>();
  #previousHash = '';
  #handMayLie = false;

  constructor(device: SbiDevice, jpeg2000: Jpeg2000, transactionId: () => string = randomUUID) {
    const { make, model, serialNo } = device.identity;
    this.#device = device;
    this.#jpeg2000 = jpeg2000;
    this.#transactionId = transactionId;
    this.identity = {
      driver: 'sbi',
      model: `${make} ${model}`.slice(0, 64),
      serial: serialNo,
      location: device.service.origin,
      trust: device.info.certification === 'L1' ? 'L1' : 'L0',
    };
  }

  async capture(
    signal: AbortSignal,
    wanted: readonly FingerName[] = ['right_index'],
  ): Promise<FingerCapture> {
    using _turn = await this.#lock.acquire(signal);
    const [asked] = wanted;
    if (asked === undefined) throw new RangeError('no finger is asked for');
    const slap = slapOf(asked);
    const single = this.#device.identity.deviceSubType === 'Single';
    const positions = SLAP_FINGERS[slap].filter(name => (single ? name === asked : wanted.includes(name)));
    try {
      const samples = await this.#samples(slap, positions, signal);
      if (samples === null) return { kind: 'advice', reason: 'place_finger' };
      const prints: { position: FingerName; image: GrayImage }[] = [];
      for (const { of, record } of samples) {
        const image = await this.#imageIn(record, signal);
        if (of === slap) return { kind: 'slap', slap, positions, image };
        const position = positions.find(
          name => name === of && !prints.some(print => print.position === name),
        );
        if (position === undefined)
          throw new DeviceError(
            'DEVICE_PROTOCOL',
            `${this.identity.location}: a finger that was not asked for`,
          );
        prints.push({ position, image });
      }
      return { kind: 'fingers', prints };
    } finally {
      this.#handMayLie = true;
    }
  }

  /** The device looks only while it is asked; a hand is given the time to leave. */
  async lifted(signal: AbortSignal): Promise<void> {
    if (this.#handMayLie) await pause(LEAVING_MS, signal);
    this.#handMayLie = false;
  }

  /** Null when nothing lay there. */
  async #samples(
    slap: Parameters<typeof captureRequest>[0]['slap'],
    fingers: readonly FingerName[],
    signal: AbortSignal,
  ): Promise<readonly BelievedSample[] | null> {
    const { service, info, trust, ask } = this.#device;
    const transactionId = this.#transactionId();
    const body = captureRequest({
      ...{ env: info.env, deviceId: info.deviceId, transactionId, slap, fingers },
      ...{ at: trust.now(), timeoutMs: CAPTURE_MS, requestedScore: REQUESTED_SCORE },
      previousHash: this.#previousHash,
    });
    const url = new URL('/capture', service);
    const answer = captureAnswer(await ask(url, { method: VERB.capture, body }, ANSWER_LIMITS, signal));
    if (answer.kind === 'refused') {
      if (NOTHING_SEEN.includes(answer.code)) return null;
      throw refusal(answer.code, service);
    }
    // All are believed, or none: a sample taken away would break the chain of those after it.
    const samples: BelievedSample[] = [];
    let previousHash = this.#previousHash;
    for (const item of answer.items) {
      const seen = new Set([...this.#seen, ...samples.map(({ hash }) => hash)]);
      const believed = await believe(item, this.#device, { transactionId, previousHash, seen });
      samples.push(believed);
      previousHash = believed.hash;
    }
    if (samples.length === 0)
      throw new DeviceError('DEVICE_PROTOCOL', `${this.identity.location}: an answer without samples`);
    if (this.#seen.size > REMEMBERED_HASHES) this.#seen.clear();
    for (const { hash } of samples) this.#seen.add(hash);
    this.#previousHash = previousHash;
    return samples;
  }

  async #imageIn(
    { jpeg2000, width, height, ppi }: FingerImageRecord,
    signal: AbortSignal,
  ): Promise<GrayImage> {
    const unreadable = `${this.identity.location}: an image that is not what its record says`;
    const image = await this.#jpeg2000.decode(jpeg2000, signal).catch(cause => {
      signal.throwIfAborted();
      throw new DeviceError('DEVICE_PROTOCOL', unreadable, { cause });
    });
    if (image.components !== 1 || image.width !== width || image.height !== height)
      throw new DeviceError('DEVICE_PROTOCOL', unreadable);
    return { width, height, ppi, pixels: image.pixels };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
