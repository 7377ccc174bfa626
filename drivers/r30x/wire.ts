/**
 * The R30x / ZFM-20 packet protocol (R303, R305, R307, R503, AS608, ZFM-20..70), as bytes only.
 * Source: ZFM-70 user manual (Hangzhou Zhian), chapter 5.1 "Data package format" and chapter 6 "Instruction system";
 * R503 user manual 1.2.2 (Hangzhou Grow), which adds 35H, 3DH and 53H. All numbers are big-endian:
 *
 *     EF 01 | address 4 | packet kind 1 | length 2 | payload 1..256 | checksum 2
 *
 * `length` counts payload and checksum; the checksum is the sum of kind, length and payload, modulo 65536.
 */

/** Manual 5.1, "Package identifier". */
const KIND_BYTE = { command: 0x01, data: 0x02, ack: 0x07, end: 0x08 } as const;

/** `data` and `end` carry an image or a template: `end` is the last packet of a transfer. */
export type FrameKind = keyof typeof KIND_BYTE;

export interface Frame {
  readonly kind: FrameKind;
  /** Module address, 0 .. 0xFFFFFFFF; factory setting {@link DEFAULT_ADDRESS}. */
  readonly address: number;
  /** 1 .. {@link MAX_PAYLOAD_BYTES} bytes. */
  readonly payload: Uint8Array;
}

/** Factory address (manual chapter 4, "System resources"). */
export const DEFAULT_ADDRESS = 0xffffffff;
/** Largest data packet a module can be set to (manual chapter 4, packet size code 3). */
const MAX_PAYLOAD_BYTES = 256;

const HEADER_HIGH = 0xef;
const HEADER_LOW = 0x01;
const PREFIX_BYTES = 9;
const CHECKSUM_BYTES = 2;

/** The commands this driver sends (manual chapter 6; instruction codes in hexadecimal there). */
export type Command =
  | { readonly name: 'VfyPwd'; readonly password: number }
  | { readonly name: 'ReadSysPara' }
  | { readonly name: 'GenImg' }
  | { readonly name: 'UpImage' };

const INSTRUCTION = { GenImg: 0x01, UpImage: 0x0a, ReadSysPara: 0x0f, VfyPwd: 0x13 } as const;

/** @throws RangeError when the payload is empty or longer than {@link MAX_PAYLOAD_BYTES}: a bug of the caller. */
export function encodeFrame(frame: Frame): Uint8Array {
  const size = frame.payload.length;
  if (size < 1 || size > MAX_PAYLOAD_BYTES)
    throw new RangeError(`a payload of ${size} bytes does not fit a packet`);
  const bytes = new Uint8Array(PREFIX_BYTES + size + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = HEADER_HIGH;
  bytes[1] = HEADER_LOW;
  view.setUint32(2, frame.address);
  bytes[6] = KIND_BYTE[frame.kind];
  view.setUint16(7, size + CHECKSUM_BYTES);
  bytes.set(frame.payload, PREFIX_BYTES);
  view.setUint16(PREFIX_BYTES + size, checksum(bytes.subarray(6, PREFIX_BYTES + size)));
  return bytes;
}

export function encodeCommand(address: number, command: Command): Uint8Array {
  const payload = [INSTRUCTION[command.name], ...(command.name === 'VfyPwd' ? uint32(command.password) : [])];
  return encodeFrame({ kind: 'command', address, payload: Uint8Array.from(payload) });
}

/** `consumed` bytes are done with, whatever the kind; `skipped` of them were noise before the frame. */
export type Decoded =
  | { readonly kind: 'frame'; readonly frame: Frame; readonly consumed: number; readonly skipped: number }
  | { readonly kind: 'corrupt'; readonly consumed: number; readonly skipped: number }
  | { readonly kind: 'need-more'; readonly consumed: number; readonly skipped: number };

/**
 * The first frame in `bytes`. Noise before it is skipped. A frame whose checksum is wrong is reported as `corrupt` and
 * only its two header bytes are consumed: the length may be what was damaged, and the next true frame may lie inside.
 * The payload is a copy.
 */
export function decode(bytes: Uint8Array): Decoded {
  let at = 0;
  for (;;) {
    at = bytes.indexOf(HEADER_HIGH, at);
    if (at < 0) return { kind: 'need-more', consumed: bytes.length, skipped: bytes.length };
    const verdict = inspect(bytes, at);
    if (verdict === 'not-a-frame') {
      at += 1;
      continue;
    }
    if (verdict === 'need-more') return { kind: 'need-more', consumed: at, skipped: at };
    if (verdict === 'corrupt') return { kind: 'corrupt', consumed: at + 2, skipped: at };
    const consumed = at + PREFIX_BYTES + verdict.payload.length + CHECKSUM_BYTES;
    return { kind: 'frame', frame: verdict, consumed, skipped: at };
  }
}

function inspect(bytes: Uint8Array, at: number): Frame | 'not-a-frame' | 'need-more' | 'corrupt' {
  const available = bytes.length - at;
  if (available >= 2 && bytes[at + 1] !== HEADER_LOW) return 'not-a-frame';
  const kind = available > 6 ? kindOf(bytes[at + 6]!) : undefined;
  if (available > 6 && kind === undefined) return 'not-a-frame';
  if (kind === undefined || available < PREFIX_BYTES) return 'need-more';
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, available);
  const size = view.getUint16(7) - CHECKSUM_BYTES;
  if (size < 1 || size > MAX_PAYLOAD_BYTES) return 'not-a-frame';
  if (available < PREFIX_BYTES + size + CHECKSUM_BYTES) return 'need-more';
  const end = PREFIX_BYTES + size;
  if (checksum(bytes.subarray(at + 6, at + end)) !== view.getUint16(end)) return 'corrupt';
  return { kind, address: view.getUint32(2), payload: bytes.slice(at + PREFIX_BYTES, at + end) };
}

function kindOf(byte: number): FrameKind | undefined {
  for (const kind of ['command', 'data', 'ack', 'end'] as const) if (KIND_BYTE[kind] === byte) return kind;
  return undefined;
}

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum & 0xffff;
}

function uint32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** The module's basic parameters (manual 6.2 "Read system parameter", 16 bytes after the confirmation code). */
export interface SystemParameters {
  readonly systemId: number;
  /** Templates that the module's library holds. */
  readonly capacity: number;
  readonly securityLevel: number;
  readonly address: number;
  /** Payload of its data packets: 32, 64, 128 or 256 bytes. */
  readonly packetBytes: number;
  /** Bits per second. */
  readonly baud: number;
}

/** @param payload of the acknowledgement, confirmation code included; undefined when it has another shape. */
export function decodeSystemParameters(payload: Uint8Array): SystemParameters | undefined {
  if (payload.length !== 17) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const sizeCode = view.getUint16(13);
  const speedCode = view.getUint16(15);
  if (sizeCode > 3 || speedCode < 1 || speedCode > 12) return undefined;
  return {
    systemId: view.getUint16(3),
    capacity: view.getUint16(5),
    securityLevel: view.getUint16(7),
    address: view.getUint32(9),
    packetBytes: 32 << sizeCode,
    baud: speedCode * 9600,
  };
}
