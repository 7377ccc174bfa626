import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DeviceError } from '../device.ts';
import type { HidDevice } from '../link/hid.ts';
import type { Link } from '../link/link.ts';
import { CodeAssembler, type CodeLayout, codeLayout, decodeScan } from './wire.ts';

/** The parts of a code come one after another: 127 of them at the slowest polling interval of low-speed devices, 10 ms. */
const SAME_CODE_WITHIN_MS = 2_000;
const CR = Uint8Array.of(0x0d);

/**
 * What stands where in the reports of a scanner, from its descriptor as the kernel shows it to everybody.
 * @param node hidraw device, e.g. `/dev/hidraw0`
 * @param root of the file system, for tests
 * @throws DeviceError DEVICE_NOT_FOUND, DEVICE_PROTOCOL when it is no bar code scanner of the POS class
 */
export async function readCodeLayout(node: string, root = '/'): Promise<CodeLayout> {
  const path = join(root, 'sys/class/hidraw', basename(node), 'device/report_descriptor');
  const descriptor = await readFile(path).catch(cause => {
    throw new DeviceError('DEVICE_NOT_FOUND', `${node}: there is no such HID device`, { cause });
  });
  const layout = codeLayout(descriptor);
  if (layout === undefined) {
    const what =
      'no bar code scanner in HID POS mode; many are keyboards until a code of their manual is scanned';
    throw new DeviceError('DEVICE_PROTOCOL', `${node}: ${what}`);
  }
  return layout;
}

/** A scanner as a line of text: each code that it reads is one line, ended by CR. */
export class CodeLink implements Link {
  readonly location: string;
  readonly lost: Promise<DeviceError>;
  readonly #hid: HidDevice;
  readonly #layout: CodeLayout;
  readonly #codes = new CodeAssembler();
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(hid: HidDevice, layout: CodeLayout) {
    this.location = hid.location;
    this.lost = hid.lost;
    this.#hid = hid;
    this.#layout = layout;
  }

  async write(): Promise<void> {
    throw new DeviceError('DEVICE_PROTOCOL', `${this.location}: a scanner is told nothing`);
  }

  async read(signal: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      const lines = this.#take(await this.#hid.read(signal));
      if (lines.length > 0) return Buffer.concat(lines);
    }
  }

  #take(reports: readonly Uint8Array[]): Uint8Array[] {
    const atMs = performance.now();
    if (atMs - this.#lastAtMs > SAME_CODE_WITHIN_MS) this.#codes.reset();
    this.#lastAtMs = atMs;
    return reports.flatMap(report => {
      const part = decodeScan(this.#layout, report);
      const code = part && this.#codes.push(part);
      return code ? [code.data, CR] : [];
    });
  }

  close(): Promise<void> {
    return this.#hid.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
