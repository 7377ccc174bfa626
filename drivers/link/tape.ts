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
 * A tape holds what the device saw: fingers, faces, names. It is made by hand, of the technician's own, never of visits.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { BaudLink, Link } from './link.ts';

/** Puts itself between a driver and its link; the link that comes back is used in place of the one given. */
export interface Tap {
  (link: BaudLink): BaudLink;
  (link: Link): Link;
}

/** Nothing between driver and link. */
export const UNTAPPED: Tap = <L extends Link>(link: L): L => link;

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
  readonly tap: Tap = ((link: Link): Link => {
    if (this.#tapped) throw new Error('a tape holds one link');
    this.#tapped = true;
    const { location, mediaType } = link;
    this.#line({ tape: 'vantay-link', version: 1, location, ...(mediaType && { mediaType }) });
    return this.#between(link);
  }) as Tap;

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
    const atMs = Math.round((performance.now() - this.#startedAtMs) * 10) / 10;
    this.#line({ atMs, ...event });
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

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
