import { openCp2110 } from '../cp2110/link.ts';
import { pause } from '../deadline.ts';
import {
  DeviceError,
  type DeviceIdentity,
  type FingerCapture,
  type FingerScanner,
  type GrayImage,
} from '../device.ts';
import { deviceNode } from '../find-device.ts';
import type { BaudLink, Link } from '../link/link.ts';
import { openSerial } from '../link/serial.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { Lock } from '../lock.ts';
import { confirmation } from './confirmation.ts';
import { DamagedTransfer, Dialogue } from './dialogue.ts';
import { findBaud, signIn } from './handshake.ts';
import { type ImageFormat, R307_FORMAT, unpackImage, wireBytes } from './image.ts';
import { DEFAULT_ADDRESS, type SystemParameters } from './wire.ts';

export interface R30xSettings {
  /** tty of the sensor, or hidraw device of the bridge that it hangs on, or as {@link deviceNode} finds it. */
  readonly path: string;
  /** What the sensor hangs on; a serial port when absent. */
  readonly link?: 'serial' | 'cp2110';
  /** Bits per second, 9600 * (1..12). Searched for when absent. */
  readonly baud?: number;
  /** Tried first when `baud` is absent: the speed of the last time. */
  readonly likelyBaud?: number;
  /** Handshake password, 0 .. 0xFFFFFFFF; factory setting 0. */
  readonly password?: number;
  /** Module address, 0 .. 0xFFFFFFFF; factory setting 0xFFFFFFFF. */
  readonly address?: number;
  /** Size and scale of the images; the R307's when absent. */
  readonly image?: ImageFormat;
}

/** The sensor lights up and images in each poll; ten a second is what its makers' own demo does not exceed. */
const FINGER_POLL_MS = 100;
/** How often an image that arrived damaged is asked for again; the sensor keeps it in its buffer. */
const IMAGE_RETRIES = 2;
/** Speed of the port while the sensor's is unknown; the factory setting of the family. */
const FACTORY_BAUD = 57_600;

/**
 * Opens the link, finds the sensor's speed and signs in.
 * @throws DeviceError as {@link openSerial} and {@link openCp2110} do, DEVICE_TIMEOUT when nothing answers at any speed,
 * DEVICE_WRONG_PASSWORD, DEVICE_PROTOCOL or DEVICE_FAULT
 */
export async function openR30x(
  settings: R30xSettings,
  signal: AbortSignal,
  tap: Tap = UNTAPPED,
): Promise<R30xScanner> {
  const bridged = settings.link === 'cp2110';
  const node = await deviceNode(settings.path, bridged ? 'hid' : 'serial');
  const link = await (bridged ? openCp2110 : openSerial)(
    node,
    settings.baud ?? settings.likelyBaud ?? FACTORY_BAUD,
    signal,
  );
  return openR30xOn(tap(link), settings, signal);
}

/** The same over any link; it is closed when the sensor cannot be opened. A link without speed is used as it is. */
export async function openR30xOn(
  link: Link | BaudLink,
  settings: Omit<R30xSettings, 'path'>,
  signal: AbortSignal,
): Promise<R30xScanner> {
  try {
    const dialogue = new Dialogue(link, settings.address ?? DEFAULT_ADDRESS);
    const password = settings.password ?? 0;
    if ('setBaud' in link && settings.baud === undefined) {
      await findBaud(link, dialogue, { password, likelyBaud: settings.likelyBaud ?? FACTORY_BAUD }, signal);
    }
    // A late answer to an earlier probe, or to an agent that died, must not be taken for that to the next command: the
    // protocol has no numbers to tell them apart, and one answer too many would put every later one out of step.
    await dialogue.hearOut(signal);
    const parameters = await signIn(dialogue, password, link.location, signal);
    return new R30xScanner(link, dialogue, parameters, settings.image ?? R307_FORMAT);
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** A fingerprint sensor of the R30x family that is signed in. Captures one after another, in the order of the calls. */
export class R30xScanner implements FingerScanner {
  readonly identity: DeviceIdentity;
  readonly parameters: SystemParameters;
  readonly #link: Link;
  readonly #dialogue: Dialogue;
  readonly #format: ImageFormat;
  readonly #lock = new Lock();

  constructor(link: Link, dialogue: Dialogue, parameters: SystemParameters, format: ImageFormat) {
    this.#link = link;
    this.#dialogue = dialogue;
    this.#format = format;
    this.parameters = parameters;
    const systemId = parameters.systemId.toString(16).padStart(4, '0');
    this.identity = { driver: 'r30x', model: `R30x system ${systemId}`, serial: '', location: link.location };
  }

  /** Resolves with the reason when the sensor's link dies. */
  get lost(): Promise<DeviceError> {
    return this.#link.lost;
  }

  async capture(signal: AbortSignal): Promise<FingerCapture> {
    using _turn = await this.#lock.acquire(signal);
    for (;;) {
      const seen = await this.#look(signal);
      if (seen.kind === 'advice') return seen;
      if (seen.kind === 'ok') return { kind: 'image', image: await this.#upload(signal) };
      await pause(FINGER_POLL_MS, signal);
    }
  }

  async lifted(signal: AbortSignal): Promise<void> {
    using _turn = await this.#lock.acquire(signal);
    while ((await this.#look(signal)).kind !== 'no-finger') await pause(FINGER_POLL_MS, signal);
  }

  async #look(signal: AbortSignal) {
    const [code] = await this.#dialogue.ask({ name: 'GenImg' }, signal);
    return this.#accept(code!, 'GenImg');
  }

  async #upload(signal: AbortSignal): Promise<GrayImage> {
    for (let attempt = 0; ; attempt += 1) {
      const [code] = await this.#dialogue.ask({ name: 'UpImage' }, signal);
      this.#accept(code!, 'UpImage');
      try {
        return unpackImage(await this.#dialogue.transfer(wireBytes(this.#format), signal), this.#format);
      } catch (error) {
        if (!(error instanceof DamagedTransfer)) throw error;
        if (attempt < IMAGE_RETRIES) continue;
        const message = `${this.identity.location}: no whole image in ${attempt + 1} attempts: ${error.message}`;
        throw new DeviceError('DEVICE_PROTOCOL', message, { cause: error });
      }
    }
  }

  #accept(code: number, command: string) {
    const meaning = confirmation(code);
    if (meaning.kind === 'error') {
      throw new DeviceError(meaning.code, `${this.identity.location}: ${command}: ${meaning.meaning}`);
    }
    return meaning;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }
}
