import { openPty, type Pty } from '../pty.ts';
import { FaultInjector, type SensorFaults } from './faults.ts';
import type { GrayImageLike } from './image.ts';
import { type Flash, factoryFlash, type Output, SensorModule } from './module.ts';
import { PacketReader, writePacket } from './wire.ts';

export interface SensorOptions {
  /** What lies on the glass at this moment; null when nothing does. */
  readonly finger: () => GrayImageLike | null;
  /** Stable path of the tty. */
  readonly link?: string;
  /** Image size in pixels; an R307's 256 x 288 when absent. */
  readonly width?: number;
  readonly height?: number;
  /** Pages of the template library. */
  readonly capacity?: number;
  /** Settings that differ from the factory's. */
  readonly flash?: Partial<Flash>;
  /** Sends no faster than the line speed. Without it an image takes milliseconds. */
  readonly paced?: boolean;
  /** Hears and says noise while the host has set another line speed, as a true UART does. */
  readonly strictBaud?: boolean;
}

/** A sensor of the R30x family on a pty: plug it in, lay fingers on it, pull it out. */
export interface SimulatedSensor extends AsyncDisposable {
  /** The stable link, or the tty of the moment; empty while unplugged without a link. */
  readonly path: string;
  readonly pluggedIn: boolean;
  /** Settings and library, which survive a loss of power. */
  readonly flash: Flash;
  plug(): void;
  unplug(): Promise<void>;
  arm(faults: SensorFaults): void;
  clearFaults(): void;
}

const DEFAULT_SHAPE = { width: 256, height: 288, capacity: 1000, systemId: 9 } as const;
/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;
/** Below this a timer is not worth its overhead; the debt is carried on to the next packet. */
const MIN_PAUSE_MS = 4;

/** Asking for the host's line speed costs a process; a host that searches stays longer than this at each speed. */
const SPEED_KNOWN_MS = 50;

/** Makes a sensor and plugs it in. */
export function startSensor(options: SensorOptions): SimulatedSensor {
  const sensor = new SensorOnPty(options);
  sensor.plug();
  return sensor;
}

class SensorOnPty implements SimulatedSensor {
  readonly flash: Flash;
  readonly #options: SensorOptions;
  readonly #faults = new FaultInjector();
  readonly #module: SensorModule;
  #hostSpeed: { readonly asked: number; readonly atMs: number; readonly baud: number } | undefined;
  #plugged: { pty: Pty; sending: Promise<void> } | undefined;

  constructor(options: SensorOptions) {
    this.#options = options;
    this.flash = { ...factoryFlash(), ...options.flash };
    const { width, height, capacity, systemId } = { ...DEFAULT_SHAPE, ...options };
    this.#module = new SensorModule(
      this.flash,
      { width, height, capacity, systemId },
      options.finger,
      this.#faults,
    );
  }

  get path(): string {
    return this.#options.link ?? this.#plugged?.pty.tty ?? '';
  }

  get pluggedIn(): boolean {
    return this.#plugged !== undefined;
  }

  plug(): void {
    if (this.#plugged !== undefined) throw new Error('the sensor is plugged in already');
    this.#faults.replugged();
    this.#module.reset();
    const plugged = { pty: openPty(this.#options.link), sending: Promise.resolve() };
    this.#plugged = plugged;
    const reader = new PacketReader();
    const receive = (bytes: Uint8Array) => {
      for (const packet of reader.push(bytes)) {
        const before = this.flash.speedCode;
        const outputs = this.#module.handle(packet);
        plugged.sending = plugged.sending.then(() => this.#send(plugged.pty, outputs, before * 9600));
      }
    };
    let hearing = Promise.resolve();
    plugged.pty.onBytes(bytes => {
      hearing = hearing.then(async () => {
        const overTheLine = await this.#line(plugged.pty, this.flash.speedCode * 9600);
        receive(overTheLine(bytes));
      });
    });
  }

  async unplug(): Promise<void> {
    const plugged = this.#plugged;
    this.#plugged = undefined;
    await plugged?.pty.close();
  }

  arm(faults: SensorFaults): void {
    this.#faults.arm(faults);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  async #send(pty: Pty, outputs: readonly Output[], baud: number): Promise<void> {
    const startedAt = performance.now();
    const overTheLine = await this.#line(pty, baud);
    let sentBytes = 0;
    for (const output of outputs) {
      if (this.#plugged?.pty !== pty) return;
      const { bytes, outcome } = this.#faults.apply(
        'raw' in output ? output.raw : writePacket(output.packet),
      );
      if (bytes.length > 0) await pty.write(overTheLine(bytes));
      sentBytes += bytes.length;
      if (outcome === 'unplugged') {
        // Not awaited: closing waits for the writes, of which this is one.
        void this.unplug();
        return;
      }
      const debtMs = (sentBytes * BITS_PER_BYTE * 1000) / baud - (performance.now() - startedAt);
      if (this.#options.paced === true && debtMs > MIN_PAUSE_MS)
        await new Promise(resolve => setTimeout(resolve, debtMs));
    }
  }

  /** What the line makes of bytes: noise while its two ends run at different speeds. */
  async #line(pty: Pty, baud: number): Promise<(bytes: Uint8Array) => Uint8Array> {
    if (this.#options.strictBaud !== true) return bytes => bytes;
    const known = this.#hostSpeed;
    if (known?.asked !== baud || performance.now() - known.atMs > SPEED_KNOWN_MS) {
      this.#hostSpeed = { asked: baud, atMs: performance.now(), baud: await pty.baud().catch(() => baud) };
    }
    return this.#hostSpeed?.baud === baud ? bytes => bytes : bytes => bytes.map(byte => (byte * 7) ^ 0xa5);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug();
  }
}
