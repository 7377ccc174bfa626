/**
 * Plugs a {@link UsbDevice} into a virtual machine: the device's end of the usbredir protocol, version 0.7, as QEMU
 * speaks it (`-chardev socket,id=r,path=SOCKET -device usb-redir,chardev=r`). Numbers are little-endian.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { TRANSFER, type UsbDevice } from './device.ts';
import type { Transfer } from './faults.ts';

/** usbredirproto.h, `usb_redir_*`. */
const TYPE = {
  hello: 0,
  connect: 1,
  disconnect: 2,
  interfaces: 4,
  endpoints: 5,
  setConfiguration: 6,
  getConfiguration: 7,
  configuration: 8,
  setAlternative: 9,
  getAlternative: 10,
  alternative: 11,
  startInterrupts: 15,
  stopInterrupts: 16,
  interrupts: 17,
  cancel: 21,
  control: 100,
  bulk: 101,
  interrupt: 103,
} as const;

/** Capabilities: device version, packet sizes of endpoints, 64-bit ids, 32-bit lengths. xHCI needs the last three. */
const CAPABILITIES = (1 << 1) | (1 << 4) | (1 << 5) | (1 << 6);
const WIDE_IDS = 1 << 5;
const HELLO_BYTES = 68;
/** usb_redir_stall, usb_redir_babble. */
const STALL = 4;
const BABBLE = 6;
const FULL_SPEED = 1;
const CONTROL_PACKET_BYTES = 64;
const NO_ENDPOINT = 0xff;

export interface RedirectedDevice extends AsyncDisposable {
  readonly pluggedIn: boolean;
  /** Takes effect once the virtual machine has connected. */
  plug(): void;
  unplug(): void;
}

/** @param path of the socket that QEMU connects to. Plugged in as soon as it does. */
export async function serveUsbredir(device: UsbDevice, path: string): Promise<RedirectedDevice> {
  let session: Session | undefined;
  let pluggedIn = true;
  const server = createServer(socket => {
    session = new Session(device, socket, () => pluggedIn);
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    get pluggedIn() {
      return pluggedIn;
    },
    plug() {
      pluggedIn = true;
      session?.attach();
    },
    unplug() {
      pluggedIn = false;
      session?.detach();
    },
    async [Symbol.asyncDispose]() {
      session?.end();
      server.close();
      await once(server, 'close');
    },
  };
}

class Session {
  readonly #device: UsbDevice;
  readonly #socket: Socket;
  readonly #isPluggedIn: () => boolean;
  /** Transfers from the device that the machine waits for: what takes the wish back. */
  readonly #bulk = new Map<bigint, () => void>();
  readonly #polled = new Map<number, () => void>();
  #held: Buffer = Buffer.alloc(0);
  #idBytes: 4 | 8 = 4;
  #interruptId = 0n;

  constructor(device: UsbDevice, socket: Socket, isPluggedIn: () => boolean) {
    this.#device = device;
    this.#socket = socket;
    this.#isPluggedIn = isPluggedIn;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    const hello = Buffer.alloc(HELLO_BYTES);
    hello.write('vantay simulator');
    hello.writeUInt32LE(CAPABILITIES, 64);
    this.#send(TYPE.hello, 0n, hello);
  }

  end(): void {
    this.detach();
    this.#socket.destroy();
  }

  detach(): void {
    this.#forget();
    this.#send(TYPE.disconnect, 0n);
  }

  attach(): void {
    const { model } = this.#device;
    this.#forget();
    this.#device.reset();
    const interfaces = Buffer.alloc(4 + 4 * 32);
    interfaces.writeUInt32LE(model.interfaces.length);
    // Type, interval and interface of 32 endpoints, then their packet sizes.
    const endpoints = Buffer.alloc(3 * 32 + 2 * 32);
    endpoints.fill(NO_ENDPOINT, 0, 32);
    for (const control of [0, 16]) {
      endpoints[control] = TRANSFER.control;
      endpoints.writeUInt16LE(CONTROL_PACKET_BYTES, 96 + 2 * control);
    }
    for (const [number, { classCode, subclass, protocol, ...each }] of model.interfaces.entries()) {
      for (const [at, value] of [number, classCode, subclass, protocol].entries())
        interfaces[4 + 32 * at + number] = value;
      for (const { address, type, interval, packetBytes } of each.endpoints) {
        const at = ((address & 0x80) >> 3) | (address & 0x0f);
        endpoints[at] = TRANSFER[type];
        endpoints[32 + at] = interval;
        endpoints[64 + at] = number;
        endpoints.writeUInt16LE(packetBytes, 96 + 2 * at);
      }
    }
    this.#send(TYPE.interfaces, 0n, interfaces);
    this.#send(TYPE.endpoints, 0n, endpoints);
    const connect = Buffer.from([FULL_SPEED, model.classCode, 0, 0, 0, 0, 0, 0, 0, 1]);
    connect.writeUInt16LE(model.vendorId, 4);
    connect.writeUInt16LE(model.productId, 6);
    this.#send(TYPE.connect, 0n, connect);
  }

  #forget(): void {
    for (const cancel of [...this.#bulk.values(), ...this.#polled.values()]) cancel();
    this.#bulk.clear();
    this.#polled.clear();
  }

  #send(type: number, id: bigint, body: Uint8Array = new Uint8Array(0), data?: Uint8Array): void {
    if (this.#socket.destroyed) return;
    // An answer that the unplugging overtook is heard by nobody.
    if (type >= TYPE.control && !this.#isPluggedIn()) return;
    const parts = data ? [body, data] : [body];
    const idBytes = type === TYPE.hello ? 4 : this.#idBytes;
    const head = Buffer.alloc(8 + idBytes);
    head.writeUInt32LE(type);
    head.writeUInt32LE(
      parts.reduce((sum, { length }) => sum + length, 0),
      4,
    );
    if (idBytes === 8) head.writeBigUInt64LE(id, 8);
    else head.writeUInt32LE(Number(id), 8);
    this.#socket.write(Buffer.concat([head, ...parts]));
  }

  #take(bytes: Buffer): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    for (;;) {
      if (this.#held.length < 8) return;
      const type = this.#held.readUInt32LE(0);
      const headBytes = 8 + (type === TYPE.hello ? 4 : this.#idBytes);
      const end = headBytes + this.#held.readUInt32LE(4);
      if (this.#held.length < end) return;
      const id = headBytes === 16 ? this.#held.readBigUInt64LE(8) : BigInt(this.#held.readUInt32LE(8));
      const body = Buffer.from(this.#held.subarray(headBytes, end));
      this.#held = this.#held.subarray(end);
      if (type === TYPE.hello) this.#greeted(body);
      else if (this.#isPluggedIn()) this.#handle(type, id, body);
    }
  }

  #greeted(hello: Buffer): void {
    if (hello.length >= HELLO_BYTES && (hello.readUInt32LE(64) & WIDE_IDS) !== 0) this.#idBytes = 8;
    if (this.#isPluggedIn()) this.attach();
  }

  #handle(type: number, id: bigint, body: Buffer): void {
    const first = body[0] ?? 0;
    switch (type) {
      case TYPE.setConfiguration:
        this.#send(TYPE.configuration, id, Buffer.from([0, first]));
        break;
      case TYPE.getConfiguration:
        this.#send(TYPE.configuration, id, Buffer.from([0, 1]));
        break;
      case TYPE.setAlternative:
        this.#send(TYPE.alternative, id, Buffer.from([0, first, body[1] ?? 0]));
        break;
      case TYPE.getAlternative:
        this.#send(TYPE.alternative, id, Buffer.from([0, first, 0]));
        break;
      case TYPE.startInterrupts:
        this.#poll(first);
        this.#send(TYPE.interrupts, id, Buffer.from([0, first]));
        break;
      case TYPE.stopInterrupts:
        this.#polled.get(first)?.();
        this.#polled.delete(first);
        this.#send(TYPE.interrupts, id, Buffer.from([0, first]));
        break;
      case TYPE.interrupt:
        // endpoint, status, length 2, data.
        this.#device.receive(first, body.subarray(4));
        this.#send(TYPE.interrupt, id, Buffer.from([first, 0, body[2] ?? 0, body[3] ?? 0]));
        break;
      case TYPE.bulk:
        this.#transfer(id, body);
        break;
      case TYPE.control:
        this.#control(id, body);
        break;
      case TYPE.cancel:
        this.#bulk.get(id)?.();
        this.#bulk.delete(id);
    }
  }

  /** Reports are sent as they come. */
  #poll(endpoint: number): void {
    if (this.#polled.has(endpoint)) return;
    const next = (): void => {
      this.#polled.set(
        endpoint,
        this.#device.pull(endpoint, transfer => {
          const { status, bytes } = outcomeOf(transfer);
          const head = Buffer.from([endpoint, status, bytes.length & 0xff, bytes.length >> 8]);
          this.#send(TYPE.interrupt, this.#interruptId++, head, bytes);
          setImmediate(() => this.#polled.has(endpoint) && next());
        }),
      );
    };
    next();
  }

  /** endpoint, status, length 2, stream 4, upper half of the length 2, data. */
  #transfer(id: bigint, body: Buffer): void {
    const endpoint = body[0] ?? 0;
    const head = Buffer.from(body.subarray(0, 10));
    head[1] = 0;
    if ((endpoint & 0x80) === 0) {
      this.#device.receive(endpoint, body.subarray(10));
      this.#send(TYPE.bulk, id, head);
      return;
    }
    let given = false;
    const cancel = this.#device.pull(endpoint, transfer => {
      const { status, bytes } = outcomeOf(transfer);
      given = true;
      this.#bulk.delete(id);
      head[1] = status;
      head.writeUInt16LE(bytes.length, 2);
      head.writeUInt16LE(0, 8);
      this.#send(TYPE.bulk, id, head, bytes);
    });
    if (!given) this.#bulk.set(id, cancel);
  }

  /** endpoint, request, type, status, value 2, index 2, length 2, data. */
  #control(id: bigint, body: Buffer): void {
    const setup = {
      request: body[1] ?? 0,
      type: body[2] ?? 0,
      value: body.readUInt16LE(4),
      index: body.readUInt16LE(6),
      length: body.readUInt16LE(8),
    };
    const answer = this.#device.control(setup, body.subarray(10));
    const head = Buffer.from(body.subarray(0, 10));
    head[3] = answer === 'stall' ? STALL : 0;
    if (answer === 'done') {
      this.#send(TYPE.control, id, head);
      return;
    }
    const data = answer === 'stall' ? Buffer.alloc(0) : answer.subarray(0, setup.length);
    head.writeUInt16LE(data.length, 8);
    this.#send(TYPE.control, id, head, data);
  }
}

function outcomeOf(transfer: Transfer): { readonly status: number; readonly bytes: Uint8Array } {
  if (transfer === 'stall') return { status: STALL, bytes: new Uint8Array(0) };
  if (transfer === 'babble') return { status: BABBLE, bytes: new Uint8Array(0) };
  return { status: 0, bytes: transfer };
}
