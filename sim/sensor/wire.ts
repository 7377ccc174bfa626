/**
 * The sensor's side of the R30x / ZFM-20 packet protocol, kept apart from any host's code.
 * Source: ZFM-70 user manual (Hangzhou Zhian) 5.1 and 5.2, R503 user manual 1.2.2 (Hangzhou Grow).
 *
 *     EF 01 | address 4 | identifier 1 | length 2 | content | checksum 2
 */

/** Package identifiers, manual 5.1. */
export const COMMAND = 0x01;
export const DATA = 0x02;
export const ACK = 0x07;
export const END_OF_DATA = 0x08;

export interface Packet {
  readonly address: number;
  /** {@link COMMAND}, {@link DATA}, {@link ACK} or {@link END_OF_DATA}. */
  readonly identifier: number;
  readonly content: Uint8Array;
}

/** Content of a data packet is at most 256 bytes; with its checksum 258 (manual chapter 4, packet size). */
const MAX_LENGTH = 258;
const START = Buffer.from([0xef, 0x01]);

export function writePacket({ address, identifier, content }: Packet): Buffer {
  const bytes = Buffer.alloc(content.length + 11);
  START.copy(bytes);
  bytes.writeUInt32BE(address, 2);
  bytes.writeUInt8(identifier, 6);
  bytes.writeUInt16BE(content.length + 2, 7);
  bytes.set(content, 9);
  bytes.writeUInt16BE(sum(bytes, content.length + 9), content.length + 9);
  return bytes;
}

/** Splits what comes in from the host; remembers an incomplete packet. */
export class PacketReader {
  #held: Buffer = Buffer.alloc(0);

  /** @returns the packets completed by `bytes`; `damaged` stands for one with a wrong checksum. */
  push(bytes: Uint8Array): (Packet | 'damaged')[] {
    this.#held = Buffer.concat([this.#held, bytes]);
    const packets: (Packet | 'damaged')[] = [];
    for (;;) {
      const start = this.#held.indexOf(START);
      if (start < 0) {
        // The last byte may be the first half of a start code.
        this.#held = this.#held.subarray(this.#held.at(-1) === START[0] ? -1 : this.#held.length);
        return packets;
      }
      this.#held = this.#held.subarray(start);
      if (this.#held.length < 9) return packets;
      const length = this.#held.readUInt16BE(7);
      if (length < 3 || length > MAX_LENGTH) {
        this.#held = this.#held.subarray(2);
        continue;
      }
      if (this.#held.length < length + 9) return packets;
      packets.push(readPacket(this.#held.subarray(0, length + 9)));
      this.#held = this.#held.subarray(length + 9);
    }
  }

  /** Forgets an incomplete packet, as the module does at a reset. */
  clear(): void {
    this.#held = Buffer.alloc(0);
  }
}

function readPacket(bytes: Buffer): Packet | 'damaged' {
  const end = bytes.length - 2;
  const told = bytes.readUInt16BE(end);
  // A widely used client sums the last data packet as if it were not the last, and true modules take it.
  const lenient =
    bytes.readUInt8(6) === END_OF_DATA && told === (sum(bytes, end) - END_OF_DATA + DATA + 65_536) % 65_536;
  if (told !== sum(bytes, end) && !lenient) return 'damaged';
  return {
    address: bytes.readUInt32BE(2),
    identifier: bytes.readUInt8(6),
    content: Uint8Array.from(bytes.subarray(9, end)),
  };
}

/** Sum of the bytes from the identifier on, modulo 65536. */
function sum(bytes: Buffer, end: number): number {
  let total = 0;
  for (let i = 6; i < end; i += 1) total += bytes.readUInt8(i);
  return total % 65_536;
}
