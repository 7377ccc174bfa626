import { openPty, type Pty } from '../pty.ts';

export interface ReaderOptions {
  /** Stable path of the tty. */
  readonly link?: string;
  /** What ends each line; CR when absent. */
  readonly lineEnd?: '\r' | '\n' | '\r\n';
}

/** A serial reader of machine-readable zones on a pty. */
export interface SimulatedReader extends AsyncDisposable {
  readonly path: string;
  readonly pluggedIn: boolean;
  /** A document is laid on the reader: its lines are sent. Unplugged, nothing is sent. */
  present(lines: readonly string[]): Promise<void>;
  /** Sends bytes as they are: a misreading, noise, half a line. */
  sendGarbage(bytes: Uint8Array | string): Promise<void>;
  plug(): void;
  unplug(): Promise<void>;
}

/** Makes a reader and plugs it in. */
export function startReader(options: ReaderOptions = {}): SimulatedReader {
  const reader = new ReaderOnPty(options);
  reader.plug();
  return reader;
}

class ReaderOnPty implements SimulatedReader {
  readonly #options: ReaderOptions;
  #pty: Pty | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.link ?? this.#pty?.tty ?? '';
  }

  get pluggedIn(): boolean {
    return this.#pty !== undefined;
  }

  present(lines: readonly string[]): Promise<void> {
    const end = this.#options.lineEnd ?? '\r';
    return this.sendGarbage(lines.map(line => line + end).join(''));
  }

  async sendGarbage(bytes: Uint8Array | string): Promise<void> {
    await this.#pty?.write(Buffer.from(bytes as string));
  }

  plug(): void {
    if (this.#pty !== undefined) throw new Error('the reader is plugged in already');
    this.#pty = openPty(this.#options.link);
    // Readers ignore what they are told; it is taken off the line all the same.
    this.#pty.onBytes(() => {});
  }

  async unplug(): Promise<void> {
    const pty = this.#pty;
    this.#pty = undefined;
    await pty?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug();
  }
}
