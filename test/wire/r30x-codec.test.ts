import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confirmation } from '../../drivers/r30x/confirmation.ts';
import { R307_FORMAT, unpackImage } from '../../drivers/r30x/image.ts';
import {
  type Command,
  decode,
  decodeSystemParameters,
  encodeCommand,
  encodeFrame,
  type Frame,
  type FrameKind,
} from '../../drivers/r30x/wire.ts';
import { exposeImage, packImage } from '../../sim/sensor/image.ts';
import { PacketReader, writePacket } from '../../sim/sensor/wire.ts';
import golden from '../fixtures/wire/r30x.json' with { type: 'json' };

const IDENTIFIER: Readonly<Record<string, number>> = { command: 1, data: 2, ack: 7, end: 8 };
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** Everything that a stream of chunks decodes to on the host's side. */
function decodeAll(chunks: readonly Uint8Array[]): (Frame | 'corrupt')[] {
  let bytes = new Uint8Array(0);
  const found: (Frame | 'corrupt')[] = [];
  for (const chunk of chunks) {
    bytes = Uint8Array.from(Buffer.concat([bytes, chunk]));
    for (;;) {
      const decoded = decode(bytes);
      expect(decoded.consumed).toBeLessThanOrEqual(bytes.length);
      expect(decoded.skipped).toBeLessThanOrEqual(decoded.consumed);
      bytes = bytes.subarray(decoded.consumed);
      if (decoded.kind === 'need-more') break;
      found.push(decoded.kind === 'frame' ? decoded.frame : 'corrupt');
    }
  }
  return found;
}

const anyFrame = fc.record({
  kind: fc.constantFrom<FrameKind>('command', 'data', 'ack', 'end'),
  address: fc.integer({ min: 0, max: 0xffffffff }),
  payload: fc.uint8Array({ minLength: 1, maxLength: 256 }),
});

describe('golden bytes', () => {
  for (const packet of golden.packets) {
    test(`${packet.name}: host`, () => {
      const frame = { kind: packet.kind as FrameKind, address: packet.address, payload: hex(packet.payload) };
      expect(encodeFrame(frame)).toEqual(hex(packet.bytes));
      expect(decodeAll([hex(packet.bytes)])).toEqual([frame]);
      if (packet.command) {
        expect(encodeCommand(packet.address, packet.command as Command)).toEqual(hex(packet.bytes));
      }
    });
    test(`${packet.name}: sensor`, () => {
      const { address } = packet;
      const written = { address, identifier: IDENTIFIER[packet.kind]!, content: hex(packet.payload) };
      expect(Uint8Array.from(writePacket(written))).toEqual(hex(packet.bytes));
      expect(new PacketReader().push(hex(packet.bytes))).toEqual([written]);
    });
  }

  test('the system parameters mean what the manual says', () => {
    const answer = golden.packets.find(packet => packet.name.startsWith('system parameters'))!;
    expect(decodeSystemParameters(hex(answer.payload))).toEqual({
      systemId: 9,
      capacity: 1000,
      securityLevel: 3,
      address: 0xffffffff,
      packetBytes: 128,
      baud: 57600,
    });
    expect(decodeSystemParameters(hex(answer.payload).subarray(1))).toBeUndefined();
  });
});

describe('properties', () => {
  test('what is encoded decodes to the same, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 5 }), fc.array(fc.nat(400)), (frames, cuts) => {
        const stream = Buffer.concat(frames.map(encodeFrame));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(stream.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(stream.subarray(at));
        expect(decodeAll(chunks)).toEqual(frames);
      }),
    );
  });

  test('both sides read each other', () => {
    fc.assert(
      fc.property(anyFrame, frame => {
        const packet = {
          address: frame.address,
          identifier: IDENTIFIER[frame.kind]!,
          content: frame.payload,
        };
        expect(new PacketReader().push(encodeFrame(frame))).toEqual([packet]);
        expect(decodeAll([writePacket(packet)])).toEqual([frame]);
      }),
    );
  });

  test('noise before a frame is skipped', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), anyFrame, (noise, frame) => {
        // A start code inside the noise may swallow what follows until its length is over: another frame ends that.
        fc.pre(Buffer.from(noise).indexOf(Buffer.from([0xef, 0x01])) < 0 && noise.at(-1) !== 0xef);
        expect(decodeAll([noise, encodeFrame(frame)])).toEqual([frame]);
      }),
    );
  });

  test('a flipped bit never yields a frame that was not sent', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), (frame, position) => {
        const bytes = encodeFrame(frame);
        const bit = position % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        // The checksum does not cover the address: those four bytes are checked by whoever asked.
        fc.pre(bit >> 3 < 2 || bit >> 3 > 5);
        expect(decodeAll([bytes]).filter(found => found !== 'corrupt')).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('random and half-true bytes crash neither side', () => {
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.tuple(anyFrame, fc.nat(300)).map(([frame, length]) => encodeFrame(frame).subarray(0, length)),
      fc
        .uint8Array({ maxLength: 300 })
        .map(tail => Uint8Array.from([0xef, 0x01, 255, 255, 255, 255, 7, ...tail])),
    );
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 6 }), chunks => {
        for (const found of decodeAll(chunks)) {
          if (found !== 'corrupt') expect(encodeFrame(found).length).toBe(found.payload.length + 11);
        }
        const reader = new PacketReader();
        for (const chunk of chunks) reader.push(chunk);
      }),
      { numRuns: 5000 },
    );
  });

  test('an image survives packing and unpacking at four bits', () => {
    const pixels = Uint8Array.from({ length: 256 * 288 }, (_, i) => (i * 31) & 255);
    const packed = packImage(exposeImage({ width: 256, height: 288, pixels }, 256, 288));
    expect(packed.length).toBe(36_864);
    expect(unpackImage(packed, R307_FORMAT).pixels).toEqual(pixels.map(pixel => (pixel >> 4) * 17));
  });

  test('every confirmation code has a meaning', () => {
    for (let code = 0; code < 256; code += 1)
      expect(confirmation(code).kind).toMatch(/^(ok|no-finger|resend|advice|error)$/);
  });
});
