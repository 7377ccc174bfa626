import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CameraOptions {
  /** The picture of the moment, one JPEG file. Asked once a frame for all viewers together. */
  readonly nextFrame: () => Promise<Uint8Array>;
  readonly framesPerSecond: number;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Leaves out the parts' Content-Length, as some cameras do. */
  readonly withoutLength?: boolean;
  /** Makes no two frames equal, as a true camera's noise does, by a comment in each. On unless set to false. */
  readonly stamped?: boolean;
}

/** What can go wrong with a camera; each lasts until it is cleared. */
type CameraFault =
  /** The last frame again and again, byte for byte. */
  | 'freeze'
  /** The last frames again and again, byte for byte, as a program sends that puts a film in the place of a camera. */
  | 'loop'
  /** The connection stays and nothing comes. */
  | 'stall'
  /** Every second frame is cut in half, its Content-Length that of the whole. */
  | 'truncate'
  /** Bytes that are no picture, correctly framed. */
  | 'garbage';

export interface SimulatedCamera extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  readonly port: number;
  readonly viewers: number;
  /** Undefined clears the fault. */
  fault(fault: CameraFault | undefined): void;
  /** Cuts all connections; new ones are served. */
  disconnect(): void;
  /** Refuses connections until {@link SimulatedCamera.plug}; the port stays the same. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
}

const BOUNDARY = 'vantaycameraframe';
/** JPEG comment marker, ITU-T T.81 table B.1. */
const COMMENT = Buffer.from([0xff, 0xfe]);
const GARBAGE_BYTES = 4_096;
/** Frames of a loop: a second or two of film. */
const LOOP_FRAMES = 20;

/** Serves MJPEG over HTTP on the loopback interface. @throws the listen error, e.g. EADDRINUSE */
export async function startCamera(options: CameraOptions): Promise<SimulatedCamera> {
  const camera = new MjpegServer(options);
  await camera.plug();
  return camera;
}

class MjpegServer implements SimulatedCamera {
  readonly #options: CameraOptions;
  readonly #viewers = new Set<ServerResponse>();
  #server: Server | undefined;
  #port: number;
  #fault: CameraFault | undefined;
  #last: Uint8Array | undefined;
  /** The last frames, the oldest first. */
  readonly #recent: Uint8Array[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CameraOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get port(): number {
    return this.#port;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  fault(fault: CameraFault | undefined): void {
    this.#fault = fault;
  }

  disconnect(): void {
    for (const viewer of this.#viewers) viewer.destroy();
    this.#viewers.clear();
  }

  async plug(): Promise<void> {
    if (this.#server !== undefined) throw new Error('the camera is plugged in already');
    const server = createServer((request, response) => {
      response.writeHead(200, {
        'Content-Type': `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
        'Cache-Control': 'no-store',
        Connection: 'close',
      });
      this.#viewers.add(response);
      response.on('error', () => {});
      request.on('close', () => this.#viewers.delete(response));
      response.on('close', () => this.#viewers.delete(response));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.#schedule();
  }

  async unplug(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    clearTimeout(this.#timer);
    this.disconnect();
    if (server === undefined) return;
    const closed = new Promise(resolve => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.#frame().finally(() => {
        if (this.#server !== undefined) this.#schedule();
      });
    }, 1000 / this.#options.framesPerSecond);
  }

  async #frame(): Promise<void> {
    if (this.#viewers.size === 0 || this.#fault === 'stall') return;
    const frame = this.#again() ?? (await this.#fresh());
    this.#last = frame;
    this.#count += 1;
    const body = this.#body(frame);
    const length =
      this.#options.withoutLength === true ? '' : `Content-Length: ${this.#toldLength(frame, body)}\r\n`;
    const part = Buffer.concat([
      Buffer.from(`--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n${length}\r\n`),
      body,
      Buffer.from('\r\n'),
    ]);
    // A viewer that does not keep up misses frames, as with a true camera's small buffer.
    for (const viewer of this.#viewers) if (!viewer.writableNeedDrain) viewer.write(part);
  }

  /** A frame that was sent before, where a fault asks for one. */
  #again(): Uint8Array | undefined {
    if (this.#fault === 'freeze') return this.#last;
    const [oldest] = this.#recent;
    if (this.#fault !== 'loop' || oldest === undefined) return undefined;
    this.#recent.push(...this.#recent.splice(0, 1));
    return oldest;
  }

  async #fresh(): Promise<Uint8Array> {
    const frame = await this.#stamped();
    this.#recent.push(frame);
    if (this.#recent.length > LOOP_FRAMES) this.#recent.shift();
    return frame;
  }

  async #stamped(): Promise<Uint8Array> {
    const frame = await this.#options.nextFrame();
    if (this.#options.stamped === false) return frame;
    const text = Buffer.from(String(this.#count));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length + 2);
    return Buffer.concat([frame.subarray(0, 2), COMMENT, length, text, frame.subarray(2)]);
  }

  #body(frame: Uint8Array): Uint8Array {
    if (this.#fault === 'truncate' && this.#count % 2 === 0) return frame.subarray(0, frame.length >> 1);
    if (this.#fault === 'garbage') return Buffer.alloc(GARBAGE_BYTES, this.#count & 0x7f);
    return frame;
  }

  #toldLength(frame: Uint8Array, body: Uint8Array): number {
    return this.#fault === 'truncate' ? frame.length : body.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug();
  }
}
