import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureAnswer, type SbiRequest } from './capture.ts';
import { forge, type SbiForgery } from './forgery.ts';
import { hearRequest } from './hear.ts';
import { answerBytes, type HttpRequest, streamHead, streamPart } from './http.ts';
import { type SbiKeys, signed } from './keys.ts';
import type { Laid } from './slap.ts';

export interface SbiOptions {
  readonly keys: SbiKeys;
  readonly level: 'L0' | 'L1';
  readonly type: 'Finger' | 'Face';
  /** 12 and more letters and digits. */
  readonly serialNo: string;
  /** Whether the device tells the fingers of a slap apart; else it sends the glass as one image. */
  readonly segments?: boolean;
  /** What lies on a scanner's glass at this moment; null for nothing. */
  readonly laid?: () => Promise<Laid | null>;
  /** The picture of the moment of a camera, one JPEG file. */
  readonly nextFrame?: () => Promise<Uint8Array>;
  /** Ports to take the first free one of; those of the specification when absent. */
  readonly ports?: readonly [first: number, last: number];
}

/** A device service of MOSIP SBI 0.9.5 on 127.0.0.1. */
export interface SimulatedSbi extends AsyncDisposable {
  readonly port: number;
  /** 'Ready', 'Busy', 'Not Ready' or 'Not Registered'. */
  status: string;
  /** Undefined sends what is true. */
  forgery: SbiForgery | undefined;
  /** Captures answered so far. */
  readonly captures: number;
}

const FRAME_MS = 66;
/** How often the glass is looked at, in milliseconds. */
const LOOK_MS = 50;

/** @throws when no port is free */
export async function startSbi(options: SbiOptions): Promise<SimulatedSbi> {
  const [first, last] = options.ports ?? [4501, 4600];
  for (let port = first; port <= last; port += 1) {
    const service = new SbiService(options, port);
    if (await service.listen()) return service;
  }
  throw new Error('no port is free for a device service');
}

class SbiService implements SimulatedSbi {
  readonly port: number;
  status = 'Ready';
  forgery: SbiForgery | undefined;
  captures = 0;
  readonly #options: SbiOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #stop = new AbortController();
  /** Hash of the last sample, and the last answer: for forgeries. */
  #lastAnswer = '';

  constructor(options: SbiOptions, port: number) {
    this.#options = options;
    this.port = port;
    this.#server = createServer(socket => this.#hear(socket));
  }

  listen(): Promise<boolean> {
    return new Promise(resolve => {
      this.#server.once('error', () => resolve(false));
      this.#server.listen(this.port, '127.0.0.1', () => resolve(true));
    });
  }

  #hear(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    hearRequest(socket, request => this.#serve(request, socket));
  }

  async #serve({ verb, path, body }: HttpRequest, socket: Socket): Promise<void> {
    if (verb === 'STREAM' && path === '/stream') return this.#stream(socket);
    const asked = JSON.parse(Buffer.from(body).toString('utf8') || '{}') as SbiRequest;
    const json = await this.#answer(verb, asked, () => socket.destroyed);
    if (!socket.destroyed) socket.end(answerBytes(this.port, JSON.stringify(json)));
  }

  async #answer(verb: string, asked: SbiRequest, gone: () => boolean): Promise<unknown> {
    const { keys, type } = this.#options;
    if (verb === 'MOSIPDISC') {
      const fits = asked.type === type || asked.type === 'Biometric Device';
      if (!fits) return [{ error: { errorCode: 'SBI1196', errorInfo: 'Invalid device type' } }];
      const digitalId = Buffer.from(JSON.stringify(this.#digitalId())).toString('base64url');
      return [{ ...this.#info(digitalId), error: SUCCESS }];
    }
    if (verb === 'MOSIPDINFO') {
      const info = this.#info(signed(this.#digitalId(), keys.identity));
      if (this.status !== 'Not Registered')
        return [{ deviceInfo: signed(info, keys.device), error: SUCCESS }];
      const unsigned = Buffer.from(JSON.stringify({ ...info, env: 'None', purpose: '' })).toString(
        'base64url',
      );
      return [{ deviceInfo: unsigned, error: SUCCESS }];
    }
    if (verb !== 'RCAPTURE') return [{ error: { errorCode: '500', errorInfo: 'unknown verb' } }];
    return this.#capture(asked, gone);
  }

  async #capture(asked: SbiRequest, gone: () => boolean): Promise<unknown> {
    const { keys, laid, segments = true } = this.#options;
    if (this.status !== 'Ready') return failed(this.status === 'Busy' ? '111' : '110');
    if (!/^[A-Za-z0-9-]{4,50}$/.test(asked.transactionId ?? '')) return failed('112');
    const untilMs = performance.now() + Number(asked.timeout ?? 10_000);
    let hand = await laid?.();
    while (!hand && performance.now() < untilMs && !gone()) {
      await sleep(LOOK_MS, undefined, { signal: this.#stop.signal });
      hand = await laid?.();
    }
    if (!hand) return failed('101');
    const device = { keys, segments, deviceCode: this.#options.serialNo, digitalId: this.#digitalId() };
    const answer = await forge(this.forgery, asked, device, this.#lastAnswer, changes =>
      captureAnswer(asked, hand, { ...device, ...changes }),
    );
    if (this.forgery === undefined) this.#lastAnswer = JSON.stringify(answer);
    this.captures += 1;
    return answer;
  }

  async #stream(socket: Socket): Promise<void> {
    socket.write(streamHead());
    while (!socket.destroyed) {
      const frame = await this.#options.nextFrame?.();
      if (frame === undefined) break;
      if (!socket.writableNeedDrain) socket.write(streamPart(frame));
      await sleep(FRAME_MS, undefined, { signal: this.#stop.signal });
    }
    socket.destroy();
  }

  #digitalId() {
    const { serialNo, type } = this.#options;
    return {
      ...{ serialNo, type, make: 'Vantay', model: type === 'Finger' ? 'SimSlap' : 'SimFace' },
      ...{ deviceSubType: type === 'Finger' ? 'Slap' : 'Full face', deviceProvider: 'provider' },
      ...{ deviceProviderId: 'provider-1', dateTime: new Date().toISOString() },
    };
  }

  #info(digitalId: string) {
    const { serialNo, level, type } = this.#options;
    return {
      ...{ deviceId: serialNo, deviceStatus: this.status, certification: level, serviceVersion: '0.9.5' },
      ...{
        deviceSubId: type === 'Finger' ? ['1', '2', '3'] : ['0'],
        callbackId: `http://127.0.0.1:${this.port}/`,
      },
      ...{
        digitalId,
        deviceCode: serialNo,
        specVersion: ['0.9.5'],
        purpose: 'Registration',
        env: 'Developer',
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the service ends'));
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise(resolve => this.#server.close(resolve));
  }
}

const SUCCESS = { errorCode: '0', errorInfo: 'Success' };

const failed = (errorCode: string) => ({
  biometrics: [
    { specVersion: '0.9.5', data: '', hash: '', error: { errorCode, errorInfo: `Error ${errorCode}` } },
  ],
});
