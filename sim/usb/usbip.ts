/**
 * Lends {@link UsbDevice}s to a Linux whose vhci-hcd makes them real ones there (`modprobe vhci-hcd; usbip attach -r
 * 127.0.0.1 -b 1-1`): the device's end of USB/IP 1.1.1. Source: Linux Documentation/usb/usbip_protocol.rst. Big-endian.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { UsbDevice, UsbModel } from './device.ts';
import type { Transfer } from './faults.ts';

const VERSION = 0x0111;
const REQUEST = { list: 0x8005, import: 0x8003 } as const;
const REPLY = { list: 0x0005, import: 0x0003 } as const;
const REQUEST_BYTES = { list: 8, import: 40 } as const;
const BUS_ID_AT = 8;

const SUBMIT = 1;
const UNLINK = 2;
const SUBMITTED = 3;
const UNLINKED = 4;
const HEADER_BYTES = 48;
const DIRECTION_IN = 1;
const TO_HOST = 0x80;

/** enum usb_device_speed (include/uapi/linux/usb/ch9.h). */
const FULL_SPEED = 2;
/** Negative errno.h numbers, as a URB's status has them (Documentation/driver-api/usb/error-codes.rst). */
const EPIPE = -32;
const EOVERFLOW = -75;
const ECONNRESET = -104;

export interface UsbipServer extends AsyncDisposable {
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** Pulls the cables: whoever had imported a device loses it. They can be imported anew. */
  unplug(): void;
}

/** @param port 0 for any free one; 3240 is that of `usbip` */
export async function serveUsbip(devices: readonly UsbDevice<UsbModel>[], port = 0): Promise<UsbipServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    new Session(devices, socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const unplug = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    unplug,
    async [Symbol.asyncDispose]() {
      unplug();
      server.close();
      await once(server, 'close');
    },
  };
}

const busIdOf = (number: number): string => `1-${number + 1}`;

/** Path 256, bus id 32, bus 4, device 4, speed 4, vendor 2, product 2, release 2, class (3), configuration, how many, interfaces. */
function description({ model }: UsbDevice<UsbModel>, number: number): Buffer {
  const bytes = Buffer.alloc(312);
  bytes.write(`/sys/devices/simulated/usb1/${busIdOf(number)}`);
  bytes.write(busIdOf(number), 256);
  bytes.writeUInt32BE(1, 288);
  bytes.writeUInt32BE(number + 2, 292);
  bytes.writeUInt32BE(FULL_SPEED, 296);
  bytes.writeUInt16BE(model.vendorId, 300);
  bytes.writeUInt16BE(model.productId, 302);
  bytes.writeUInt16BE(0x100, 304);
  bytes.set([model.classCode, 0, 0, 1, 1, model.interfaces.length], 306);
  return bytes;
}

/** One connection: questions until a device is imported, then that device's transfers. */
class Session {
  readonly #devices: readonly UsbDevice<UsbModel>[];
  readonly #socket: Socket;
  /** Transfers from the device that the host waits for: what takes the wish back. */
  readonly #waiting = new Map<number, () => void>();
  #device: UsbDevice<UsbModel> | undefined;
  #held: Buffer = Buffer.alloc(0);

  constructor(devices: readonly UsbDevice<UsbModel>[], socket: Socket) {
    this.#devices = devices;
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      this.#held = Buffer.concat([this.#held, bytes]);
      for (let taken = this.#take(); taken > 0; taken = this.#take()) this.#held = this.#held.subarray(taken);
    });
    socket.on('close', () => {
      for (const cancel of this.#waiting.values()) cancel();
    });
  }

  /** Does what the bytes held begin with. @returns how many of them that was; 0 when more are needed */
  #take(): number {
    if (this.#socket.destroyed) return 0;
    return this.#device === undefined ? this.#answer() : this.#serve(this.#device);
  }

  #answer(): number {
    if (this.#held.length < REQUEST_BYTES.list) return 0;
    const code = this.#held.readUInt16BE(2);
    if (code === REQUEST.list) {
      const count = Buffer.alloc(4);
      count.writeUInt32BE(this.#devices.length);
      const each = this.#devices.flatMap((device, number) => [
        description(device, number),
        ...device.model.interfaces.map(of => Buffer.from([of.classCode, of.subclass, of.protocol, 0])),
      ]);
      this.#socket.write(Buffer.concat([replyHead(REPLY.list, 0), count, ...each]));
      return REQUEST_BYTES.list;
    }
    if (code !== REQUEST.import) {
      this.#socket.destroy();
      return 0;
    }
    if (this.#held.length < REQUEST_BYTES.import) return 0;
    const [busId] = this.#held.toString('latin1', BUS_ID_AT, REQUEST_BYTES.import).split('\0');
    const number = this.#devices.findIndex((_, index) => busIdOf(index) === busId);
    this.#device = this.#devices[number];
    if (this.#device === undefined) this.#socket.end(replyHead(REPLY.import, 1));
    else {
      this.#device.reset();
      this.#socket.write(Buffer.concat([replyHead(REPLY.import, 0), description(this.#device, number)]));
    }
    return REQUEST_BYTES.import;
  }

  #serve(device: UsbDevice<UsbModel>): number {
    if (this.#held.length < HEADER_BYTES) return 0;
    const header = Buffer.from(this.#held.subarray(0, HEADER_BYTES));
    const command = header.readUInt32BE(0);
    if (command === UNLINK) {
      this.#unlink(header);
      return HEADER_BYTES;
    }
    if (command !== SUBMIT) {
      this.#socket.destroy();
      return 0;
    }
    const dataBytes = header.readUInt32BE(12) === DIRECTION_IN ? 0 : header.readUInt32BE(24);
    const end = HEADER_BYTES + dataBytes;
    if (this.#held.length < end) return 0;
    this.#submit(device, header, Buffer.from(this.#held.subarray(HEADER_BYTES, end)));
    return end;
  }

  #submit(device: UsbDevice<UsbModel>, header: Buffer, data: Buffer): void {
    const sequence = header.readUInt32BE(4);
    const endpoint = header.readUInt32BE(16);
    const askedBytes = header.readUInt32BE(24);
    if (endpoint === 0) {
      const setup = {
        type: header[40]!,
        request: header[41]!,
        value: header.readUInt16LE(42),
        index: header.readUInt16LE(44),
        length: header.readUInt16LE(46),
      };
      const answer = device.control(setup, data);
      if (answer === 'stall') this.#submitted(header, EPIPE, 0);
      else if (answer === 'done') this.#submitted(header, 0, data.length);
      else this.#given(header, answer.subarray(0, askedBytes));
    } else if (header.readUInt32BE(12) !== DIRECTION_IN) {
      device.receive(endpoint, data);
      this.#submitted(header, 0, data.length);
    } else {
      let given = false;
      const cancel = device.pull(endpoint | TO_HOST, transfer => {
        given = true;
        this.#waiting.delete(sequence);
        this.#given(header, transfer);
      });
      if (!given) this.#waiting.set(sequence, cancel);
    }
  }

  #given(header: Buffer, transfer: Transfer): void {
    if (transfer === 'stall') this.#submitted(header, EPIPE, 0);
    else if (transfer === 'babble' || transfer.length > header.readUInt32BE(24))
      this.#submitted(header, EOVERFLOW, 0);
    else this.#submitted(header, 0, transfer.length, transfer);
  }

  /** Frame and packets are those of the request, whatever it made of them: this knows no isochronous transfers. */
  #submitted(request: Buffer, status: number, bytes: number, data: Uint8Array = new Uint8Array(0)): void {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(SUBMITTED);
    request.copy(header, 4, 4, 8);
    header.writeInt32BE(status, 20);
    header.writeUInt32BE(bytes, 24);
    request.copy(header, 28, 28, 36);
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat([header, data]));
  }

  #unlink(request: Buffer): void {
    const target = request.readUInt32BE(20);
    const cancel = this.#waiting.get(target);
    this.#waiting.delete(target);
    cancel?.();
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(UNLINKED);
    request.copy(header, 4, 4, 8);
    header.writeInt32BE(cancel === undefined ? 0 : ECONNRESET, 20);
    this.#socket.write(header);
  }
}

function replyHead(code: number, status: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(VERSION, 0);
  head.writeUInt16BE(code, 2);
  head.writeUInt32BE(status, 4);
  return head;
}
