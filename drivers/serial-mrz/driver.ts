import { orAbort } from '../deadline.ts';
import { DeviceError, type DeviceIdentity, type DocumentReader } from '../device.ts';
import { deviceNode } from '../find-device.ts';
import type { Link } from '../link/link.ts';
import { openSerial } from '../link/serial.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { LineReader, ZoneAssembler } from './wire.ts';

export interface SerialMrzSettings {
  /** tty of the reader, or as {@link deviceNode} finds it. */
  readonly path: string;
  /** Bits per second; 9600, the usual factory setting of serial readers, when absent. */
  readonly baud?: number;
}

const DEFAULT_BAUD = 9_600;
/** The lines of one document come in one burst: at 9600 baud a line takes 47 ms. */
const SAME_DOCUMENT_WITHIN_MS = 1_000;
/**
 * A document laid down this shortly before somebody asks is still the one that is meant; an older one may be another
 * applicant's.
 */
const KEEP_DOCUMENT_MS = 2_000;

/** Opens the reader's serial port. @throws DeviceError as {@link openSerial} does */
export async function openSerialMrz(
  settings: SerialMrzSettings,
  signal: AbortSignal,
  tap: Tap = UNTAPPED,
): Promise<SerialMrzReader> {
  const node = await deviceNode(settings.path, 'serial');
  return new SerialMrzReader(tap(await openSerial(node, settings.baud ?? DEFAULT_BAUD, signal)));
}

export class SerialMrzReader implements DocumentReader {
  readonly identity: DeviceIdentity;
  readonly #link: Link;
  readonly #lines = new LineReader();
  readonly #zones = new ZoneAssembler();
  #latest: { readonly lines: readonly string[]; readonly atMs: number } | undefined;
  #dead: DeviceError | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(link: Link) {
    this.#link = link;
    this.identity = { driver: 'serial-mrz', model: 'serial MRZ reader', serial: '', location: link.location };
    void this.#listen();
  }

  /** Resolves with the reason when the reader's link dies. */
  get lost(): Promise<DeviceError> {
    return this.#link.lost;
  }

  /** Lines dropped since the reader was opened, because they can be no machine-readable zone. */
  get droppedLines(): number {
    return this.#lines.dropped + this.#zones.dropped;
  }

  async read(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#latest !== undefined && performance.now() - this.#latest.atMs > KEEP_DOCUMENT_MS)
      this.#latest = undefined;
    for (;;) {
      signal.throwIfAborted();
      if (this.#latest !== undefined) {
        const { lines } = this.#latest;
        this.#latest = undefined;
        return lines;
      }
      if (this.#dead !== undefined) throw this.#dead;
      await orAbort(this.#changed.promise, signal);
    }
  }

  async #listen(): Promise<void> {
    const untilClosed = new AbortController().signal;
    let lastAtMs = Number.NEGATIVE_INFINITY;
    try {
      for (;;) {
        const bytes = await this.#link.read(untilClosed);
        const atMs = performance.now();
        if (atMs - lastAtMs > SAME_DOCUMENT_WITHIN_MS) this.#zones.reset();
        lastAtMs = atMs;
        for (const line of this.#lines.push(bytes)) {
          const lines = this.#zones.push(line);
          if (lines !== undefined) this.#tell({ lines, atMs });
        }
      }
    } catch (error) {
      const unknown = `${this.identity.location} failed`;
      this.#dead =
        error instanceof DeviceError ? error : new DeviceError('DEVICE_FAULT', unknown, { cause: error });
      this.#tell(undefined);
    }
  }

  #tell(document: { readonly lines: readonly string[]; readonly atMs: number } | undefined): void {
    this.#latest = document;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }
}
