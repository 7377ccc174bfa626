/**
 * What went over a link, with its timing, in a file: a problem met in an office becomes a test. One JSON object a line,
 * the first says what was recorded, each other one thing that happened, in order:
 *
 *     {"tape":"vantay-link","version":1,"location":"/dev/ttyUSB0"}
 *     {"atMs":3.2,"out":"7wH//w=="}     to the device, base64
 *     {"atMs":9.8,"in":"7wH//w=="}      from the device
 *     {"atMs":9.9,"baud":57600}         the line's speed was set
 *     {"atMs":20.1,"lost":"DEVICE_GONE"}
 *
 * Of a device service each question with its answer is one thing:
 *
 *     {"atMs":5.0,"asked":"RCAPTURE http://127.0.0.1:4501/capture","body":"{...}","answered":"W3si...","tookMs":812.4}
 *     {"atMs":5.0,"asked":"RCAPTURE http://127.0.0.1:4501/capture","body":"{...}","failed":"DEVICE_TIMEOUT","tookMs":20000}
 *
 * A tape holds what the device saw: fingers, faces, names. It is made by hand, of the technician's own, never of visits.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { DeviceError } from '../device.ts';
import type { Ask } from './http.ts';
import type { BaudLink, Link } from './link.ts';

interface LinkTap {
  (link: BaudLink): BaudLink;
  (link: Link): Link;
}

/** Puts itself between a driver and its link; the link that comes back is used in place of the one given. */
export interface Tap extends LinkTap {
  /** Between a driver and the service that it asks. */
  asks(ask: Ask): Ask;
}

/** Nothing between driver and link. */
export const UNTAPPED: Tap = Object.assign(<L extends Link>(link: L): L => link, { asks: (ask: Ask) => ask });

/** A file under way. Close it after the device: what is still being written then is waited for. */
export class Tape implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #startedAtMs = performance.now();
  #writing: Promise<void> = Promise.resolve();
  #tapped = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @throws the error of the file system; EEXIST when there is such a file already */
  static async create(path: string): Promise<Tape> {
    return new Tape(await open(path, 'wx', 0o600));
  }

  /** For one link: what a driver opens after it has lost that one is another tape. */
  readonly tap: Tap = Object.assign(
    ((link: Link): Link => {
      this.#begin(link.location, link.mediaType);
      return this.#between(link);
    }) as LinkTap,
    { asks: (ask: Ask) => this.#betweenAsks(ask) },
  );

  #begin(location: string, mediaType?: string): void {
    if (this.#tapped) throw new Error('a tape holds one link');
    this.#tapped = true;
    this.#line({ tape: 'vantay-link', version: 1, location, ...(mediaType && { mediaType }) });
  }

  /** Of the services that are looked for, those that answer are noted. */
  #betweenAsks(ask: Ask): Ask {
    return async (url, what, limits, signal) => {
      const startedAtMs = performance.now();
      const note = (came: object) => {
        if (!this.#tapped) this.#begin(url.origin, 'application/json');
        const tookMs = tenths(performance.now() - startedAtMs);
        const asked = `${what.method} ${url.origin}${url.pathname}`;
        const atMs = tenths(startedAtMs - this.#startedAtMs);
        this.#line({ atMs, asked, body: what.body, ...came, tookMs });
      };
      try {
        const answer = await ask(url, what, limits, signal);
        note({ answered: base64(answer) });
        return answer;
      } catch (error) {
        if (error instanceof DeviceError && error.code !== 'DEVICE_NOT_FOUND') note({ failed: error.code });
        throw error;
      }
    };
  }

  #between(link: Link): Link {
    let closed = false;
    void link.lost.then(({ code }) => closed || this.#note({ lost: code }));
    const close = () => {
      closed = true;
      return link.close();
    };
    return {
      location: link.location,
      lost: link.lost,
      ...(link.mediaType !== undefined && { mediaType: link.mediaType }),
      write: bytes => {
        this.#note({ out: base64(bytes) });
        return link.write(bytes);
      },
      read: async signal => {
        const bytes = await link.read(signal);
        this.#note({ in: base64(bytes) });
        return bytes;
      },
      ...('setBaud' in link && {
        setBaud: (baud: number) => {
          this.#note({ baud });
          return (link as BaudLink).setBaud(baud);
        },
      }),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  #note(event: object): void {
    this.#line({ atMs: tenths(performance.now() - this.#startedAtMs), ...event });
  }

  #line(value: object): void {
    this.#writing = this.#writing.then(async () => {
      await this.#file.write(`${JSON.stringify(value)}\n`);
    });
    // Told when the tape is closed; until then it is nobody's unhandled rejection.
    this.#writing.catch(() => {});
  }

  /** @throws the error of the file system when not all could be written */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#writing;
    } finally {
      await this.#file.close();
    }
  }
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
