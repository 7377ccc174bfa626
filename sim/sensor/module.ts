import { randomBytes } from 'node:crypto';
import type { FaultInjector } from './faults.ts';
import { exposeImage, type GrayImageLike, packImage, unpackImage } from './image.ts';
import { agreement, fieldOf, type RidgeField, ridgeField, TEMPLATE_BYTES, templateOf } from './template.ts';
import { ACK, COMMAND, DATA, END_OF_DATA, type Packet } from './wire.ts';

/** What the module keeps without power (ZFM-70 manual chapter 4). */
export interface Flash {
  password: number;
  address: number;
  /** 1 .. 5, 5 the strictest. */
  securityLevel: number;
  /** 0 .. 3 for 32, 64, 128, 256 bytes. */
  packetSizeCode: number;
  /** 1 .. 12 times 9600 baud. */
  speedCode: number;
  readonly library: Map<number, Uint8Array>;
}

export interface ModuleShape {
  readonly width: number;
  readonly height: number;
  /** Pages of the library. */
  readonly capacity: number;
  readonly systemId: number;
}

/** Factory settings: 57600 baud, packets of 128 bytes, security level 3, no password (ZFM-70 manual chapter 4). */
export function factoryFlash(): Flash {
  return {
    password: 0,
    address: 0xffffffff,
    securityLevel: 3,
    packetSizeCode: 2,
    speedCode: 6,
    library: new Map(),
  };
}

/**
 * Least agreement of template and finger that counts as a match, by security level 1 .. 5. Measured: 600 pairs of
 * drawn strangers reach 0.69 at most, 90 pairs of true fingers 0.60; an image moved by up to 12 pixels with noise
 * stays above 0.95.
 */
const MATCH_AGREEMENT = [0.7, 0.71, 0.72, 0.74, 0.77] as const;

/** A character buffer: a template, and the finger itself while it is fresh from the image. */
interface CharBuffer {
  readonly template: Uint8Array;
  readonly field?: RidgeField;
}

interface Incoming {
  readonly kind: 'image' | 'template';
  readonly slot: 1 | 2;
  readonly parts: Uint8Array[];
}

/** One packet to the host; a module reset and a new line speed take effect after the packets before them. */
export type Output = { readonly packet: Packet } | { readonly raw: Uint8Array };

/** The module's processor: takes packets in, says what goes out. Everything but {@link Flash} is lost with the power. */
export class SensorModule {
  readonly #flash: Flash;
  readonly #shape: ModuleShape;
  readonly #finger: () => GrayImageLike | null;
  readonly #faults: FaultInjector;
  #image: Uint8Array | undefined;
  #buffers: { 1?: CharBuffer; 2?: CharBuffer } = {};
  #incoming: Incoming | undefined;
  #verified = false;

  constructor(flash: Flash, shape: ModuleShape, finger: () => GrayImageLike | null, faults: FaultInjector) {
    this.#flash = flash;
    this.#shape = shape;
    this.#finger = finger;
    this.#faults = faults;
  }

  reset(): void {
    this.#image = undefined;
    this.#buffers = {};
    this.#incoming = undefined;
    this.#verified = false;
  }

  handle(packet: Packet | 'damaged'): Output[] {
    if (packet === 'damaged') return this.#ack(0x01);
    if (packet.address !== this.#flash.address) return this.#ack(0x20);
    if (packet.identifier === DATA || packet.identifier === END_OF_DATA) return this.#takeData(packet);
    if (packet.identifier !== COMMAND) return [];
    const [instruction, ...parameters] = packet.content;
    if (!this.#verified && this.#flash.password !== 0 && instruction !== 0x13) return this.#ack(0x21);
    return this.#execute(instruction!, Buffer.from(parameters));
  }

  /** Instruction codes of ZFM-70 manual chapter 6; 35H, 3DH and 53H of the R503 manual. */
  #execute(instruction: number, given: Buffer): Output[] {
    if (given.length < (PARAMETER_BYTES[instruction] ?? 0)) return this.#ack(0x01);
    switch (instruction) {
      case 0x01:
        return this.#genImg();
      case 0x02:
        return this.#img2Tz(slot(given[0]!));
      case 0x03:
        return this.#match();
      case 0x04:
      case 0x1b:
        return this.#search(slot(given[0]!), given.readUInt16BE(1), given.readUInt16BE(3));
      case 0x05:
        return this.#regModel();
      case 0x06:
        return this.#store(slot(given[0]!), given.readUInt16BE(1));
      case 0x07:
        return this.#loadChar(slot(given[0]!), given.readUInt16BE(1));
      case 0x08:
        return this.#upload(this.#buffers[slot(given[0]!)]?.template, 0x0d);
      case 0x09:
        this.#incoming = { kind: 'template', slot: slot(given[0]!), parts: [] };
        return this.#ack(0x00);
      case 0x0a:
        return this.#upload(this.#image === undefined ? undefined : packImage(this.#image), 0x0f);
      case 0x0b:
        this.#incoming = { kind: 'image', slot: 1, parts: [] };
        return this.#ack(0x00);
      case 0x0c:
        return this.#deletChar(given.readUInt16BE(0), given.readUInt16BE(2));
      case 0x0d:
        this.#flash.library.clear();
        return this.#ack(0x00);
      case 0x0e:
        return this.#setSysPara(given[0]!, given[1]!);
      case 0x0f:
        return this.#readSysPara();
      case 0x12:
        return this.#keep(() => {
          this.#flash.password = given.readUInt32BE(0);
        });
      case 0x13:
        this.#verified = given.readUInt32BE(0) === this.#flash.password;
        return this.#ack(this.#verified ? 0x00 : 0x13);
      case 0x14:
        return this.#ack(0x00, ...randomBytes(4));
      case 0x15:
        return this.#keep(() => {
          this.#flash.address = given.readUInt32BE(0);
        });
      case 0x1d:
        return this.#ack(0x00, ...uint16(this.#flash.library.size));
      case 0x1f:
        return this.#readConList(given[0]!);
      case 0x17: // Port control
      case 0x35: // Aura LED
        return this.#ack(0x00);
      case 0x3d: {
        const answer = this.#ack(0x00);
        this.reset();
        return [...answer, { raw: Uint8Array.of(0x55) }];
      }
      case 0x53:
        return this.#ack(0x55);
      default:
        return this.#ack(0x01);
    }
  }

  #genImg(): Output[] {
    const picture = this.#finger();
    if (picture === null) return this.#ack(0x02);
    const failures = this.#faults.armed.imagingFailures ?? 0;
    if (failures > 0) {
      this.#faults.armed.imagingFailures = failures - 1;
      return this.#ack(0x03);
    }
    this.#image = exposeImage(picture, this.#shape.width, this.#shape.height);
    return this.#ack(0x00);
  }

  #img2Tz(into: 1 | 2): Output[] {
    if (this.#image === undefined) return this.#ack(0x15);
    const field = ridgeField(this.#image, this.#shape.width, this.#shape.height);
    if (field === undefined) return this.#ack(0x07);
    this.#buffers[into] = { template: templateOf(field), field };
    return this.#ack(0x00);
  }

  #match(): Output[] {
    const { 1: first, 2: second } = this.#buffers;
    if (first === undefined || second === undefined) return this.#ack(0x08, 0, 0);
    const share = this.#compare(first.template, second);
    return share < this.#leastAgreement() ? this.#ack(0x08, 0, 0) : this.#ack(0x00, ...uint16(score(share)));
  }

  #search(from: 1 | 2, start: number, count: number): Output[] {
    const probe = this.#buffers[from];
    let best = { page: 0, share: 0 };
    for (const [page, template] of this.#flash.library) {
      if (probe === undefined || page < start || page >= start + count) continue;
      const share = this.#compare(template, probe);
      if (share > best.share) best = { page, share };
    }
    if (best.share < this.#leastAgreement()) return this.#ack(0x09, 0, 0, 0, 0);
    return this.#ack(0x00, ...uint16(best.page), ...uint16(score(best.share)));
  }

  #regModel(): Output[] {
    const { 1: first, 2: second } = this.#buffers;
    if (first === undefined || second === undefined) return this.#ack(0x0a);
    if (this.#compare(first.template, second) < this.#leastAgreement()) return this.#ack(0x0a);
    this.#buffers = { 1: { template: first.template }, 2: { template: first.template } };
    return this.#ack(0x00);
  }

  #store(from: 1 | 2, page: number): Output[] {
    if (page >= this.#shape.capacity) return this.#ack(0x0b);
    const buffer = this.#buffers[from];
    if (buffer === undefined) return this.#ack(0x18);
    this.#flash.library.set(page, buffer.template);
    return this.#ack(0x00);
  }

  #loadChar(into: 1 | 2, page: number): Output[] {
    if (page >= this.#shape.capacity) return this.#ack(0x0b);
    const template = this.#flash.library.get(page);
    if (template === undefined) return this.#ack(0x0c);
    this.#buffers[into] = { template };
    return this.#ack(0x00);
  }

  #deletChar(start: number, count: number): Output[] {
    if (start + count > this.#shape.capacity) return this.#ack(0x10);
    for (let page = start; page < start + count; page += 1) this.#flash.library.delete(page);
    return this.#ack(0x00);
  }

  #setSysPara(register: number, value: number): Output[] {
    const limits = { 4: [1, 12], 5: [1, 5], 6: [0, 3] }[register];
    if (limits === undefined) return this.#ack(0x1a);
    if (value < limits[0]! || value > limits[1]!) return this.#ack(0x1b);
    // The answer still goes out at the old speed and address.
    return this.#keep(() => {
      if (register === 4) this.#flash.speedCode = value;
      else if (register === 5) this.#flash.securityLevel = value;
      else this.#flash.packetSizeCode = value;
    });
  }

  #readSysPara(): Output[] {
    const { address, securityLevel, packetSizeCode, speedCode } = this.#flash;
    // Status register: bit 2 password verified, bit 3 image buffer valid (ZFM-70 manual chapter 4).
    const status = (this.#verified ? 4 : 0) | (this.#image === undefined ? 0 : 8);
    return this.#ack(
      0x00,
      ...[status, this.#shape.systemId, this.#shape.capacity, securityLevel].flatMap(uint16),
      ...uint16(address >>> 16),
      ...uint16(address & 0xffff),
      ...uint16(packetSizeCode),
      ...uint16(speedCode),
    );
  }

  #readConList(indexPage: number): Output[] {
    if (indexPage > 3) return this.#ack(0x0b);
    const bits = new Uint8Array(32);
    for (const page of this.#flash.library.keys())
      if (page >> 8 === indexPage) bits[(page & 255) >> 3]! |= 1 << (page & 7);
    return this.#ack(0x00, ...bits);
  }

  #upload(data: Uint8Array | undefined, refusal: number): Output[] {
    if (data === undefined) return this.#ack(refusal);
    const sent = data.subarray(0, data.length - (this.#faults.armed.shortenUploadBytes ?? 0));
    const packetBytes = 32 << this.#flash.packetSizeCode;
    const outputs = this.#ack(0x00);
    for (let at = 0; at < sent.length; at += packetBytes) {
      const identifier = at + packetBytes >= sent.length ? END_OF_DATA : DATA;
      outputs.push(this.#packet(identifier, sent.subarray(at, at + packetBytes)));
    }
    return outputs;
  }

  #takeData(packet: Packet): Output[] {
    const incoming = this.#incoming;
    if (incoming === undefined) return [];
    incoming.parts.push(packet.content);
    if (packet.identifier === DATA && incoming.parts.length * 32 <= this.#shape.width * this.#shape.height)
      return [];
    this.#incoming = undefined;
    const data = Buffer.concat(incoming.parts);
    if (incoming.kind === 'template' && data.length >= TEMPLATE_BYTES) {
      this.#buffers[incoming.slot] = { template: Uint8Array.from(data.subarray(0, TEMPLATE_BYTES)) };
    }
    if (incoming.kind === 'image' && data.length * 2 === this.#shape.width * this.#shape.height) {
      this.#image = unpackImage(data);
    }
    return [];
  }

  #compare(template: Uint8Array, probe: CharBuffer): number {
    const field = probe.field ?? fieldOf(probe.template, this.#shape.width, this.#shape.height);
    return field === undefined ? 0 : agreement(template, field);
  }

  #leastAgreement(): number {
    return MATCH_AGREEMENT[this.#flash.securityLevel - 1]!;
  }

  /** Changes a setting of the flash; the answer is made before, so it carries the old address. */
  #keep(change: () => void): Output[] {
    const answer = this.#ack(0x00);
    change();
    return answer;
  }

  #ack(...content: number[]): Output[] {
    return [this.#packet(ACK, Uint8Array.from(content))];
  }

  #packet(identifier: number, content: Uint8Array): Output {
    return { packet: { address: this.#flash.address, identifier, content } };
  }
}

/** Least parameters of an instruction, in bytes; without them the packet counts as damaged. */
const PARAMETER_BYTES: Readonly<Record<number, number>> = {
  2: 1,
  4: 5,
  6: 3,
  7: 3,
  8: 1,
  9: 1,
  12: 4,
  14: 2,
  18: 4,
  19: 4,
  21: 4,
  27: 5,
  31: 1,
};

/** Buffer numbers other than 1 mean buffer 2 (ZFM-70 manual 6.3 "Generate character file from image"). */
function slot(number: number): 1 | 2 {
  return number === 1 ? 1 : 2;
}

/** Match score as the family reports it, 0 .. 500 in practice. */
function score(share: number): number {
  return Math.round((share - 0.5) * 1000);
}

function uint16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}
