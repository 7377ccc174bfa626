import { crc32 } from 'node:zlib';
import { ModelError } from '../error.ts';
import type { Minutia } from './types.ts';

/**
 * Vantay finger template, version 1, little-endian:
 *
 * | bytes | meaning |
 * | --- | --- |
 * | 0..3 | 'VFT1' |
 * | 4..7 | model tag: first 4 bytes of the extraction weights' SHA-256; descriptors of other weights do not compare |
 * | 8..9, 10..11 | width, height of the image in pixels at 500 ppi |
 * | 12 | number of minutiae, at most 64 |
 * | 13 | quality score, 0..100 |
 * | 14..15 | 0 |
 * | 16.. | a minutia: x, y (uint16, 1/8 px), direction (uint8, 2 pi / 256), confidence (7 bits, 1/127) and type (top bit, 1 bifurcation), 64 descriptor values (int8, 1/127) |
 * | last 4 | CRC-32 of all before |
 */
export interface FingerTemplate {
  readonly modelTag: number;
  readonly width: number;
  readonly height: number;
  readonly qualityScore: number;
  readonly minutiae: readonly Minutia[];
  /** `minutiae.length * 64` values of -127..127: unit vectors times 127. */
  readonly descriptors: Int8Array;
}

export const MAX_MINUTIAE = 64;
export const DESCRIPTOR_LENGTH = 64;
/** Descriptor values are stored in steps of 1/127. */
export const DESCRIPTOR_SCALE = 127;

const MAGIC = 0x31544656; // 'VFT1'
const HEADER_BYTES = 16;
const MINUTIA_BYTES = 6 + DESCRIPTOR_LENGTH;
const CRC_BYTES = 4;
const STEPS_PER_PIXEL = 8;
const STEPS_PER_TURN = 256;
/** Rounding 64 values to 1/127 moves a unit vector's length by at most sqrt(64) / 2 steps; a little is allowed on top. */
const NORM_TOLERANCE = 6;

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

/** @throws RangeError when the parts disagree: a bug of the caller, not of the data */
export function encodeTemplate(template: FingerTemplate): Uint8Array {
  const { minutiae, descriptors } = template;
  if (minutiae.length > MAX_MINUTIAE || descriptors.length !== minutiae.length * DESCRIPTOR_LENGTH) {
    throw new RangeError('minutiae and descriptors disagree');
  }
  const bytes = new Uint8Array(HEADER_BYTES + minutiae.length * MINUTIA_BYTES + CRC_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, template.modelTag, true);
  view.setUint16(8, template.width, true);
  view.setUint16(10, template.height, true);
  view.setUint8(12, minutiae.length);
  view.setUint8(13, Math.round(template.qualityScore));
  minutiae.forEach((minutia, index) => {
    const at = HEADER_BYTES + index * MINUTIA_BYTES;
    view.setUint16(at, Math.round(minutia.x * STEPS_PER_PIXEL), true);
    view.setUint16(at + 2, Math.round(minutia.y * STEPS_PER_PIXEL), true);
    view.setUint8(
      at + 4,
      modulo(Math.round((minutia.directionRad / (2 * Math.PI)) * STEPS_PER_TURN), STEPS_PER_TURN),
    );
    const confidence = Math.round(Math.min(1, Math.max(0, minutia.confidence)) * 127);
    view.setUint8(at + 5, confidence | (minutia.type === 'bifurcation' ? 0x80 : 0));
    bytes.set(
      new Uint8Array(descriptors.slice(index * DESCRIPTOR_LENGTH, (index + 1) * DESCRIPTOR_LENGTH).buffer),
      at + 6,
    );
  });
  view.setUint32(bytes.length - CRC_BYTES, crc32(bytes.subarray(0, -CRC_BYTES)), true);
  return bytes;
}

/**
 * Reads a template strictly: whatever is not exactly as {@link encodeTemplate} writes it is refused.
 * @param modelTag of the weights it must have been made with; any without it, for those who do not compare descriptors
 * @throws ModelError MODEL_INPUT
 */
export function decodeTemplate(bytes: Uint8Array, modelTag?: number): FingerTemplate {
  if (!(bytes instanceof Uint8Array) || bytes.length < HEADER_BYTES + CRC_BYTES)
    throw refused('is truncated');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw refused('is not of this format and version');
  const count = view.getUint8(12);
  if (count > MAX_MINUTIAE) throw refused('claims too many minutiae');
  if (bytes.length !== HEADER_BYTES + count * MINUTIA_BYTES + CRC_BYTES)
    throw refused('has the wrong length');
  if (view.getUint32(bytes.length - CRC_BYTES, true) !== crc32(bytes.subarray(0, -CRC_BYTES)))
    throw refused('is damaged');
  const tag = view.getUint32(4, true);
  if (modelTag !== undefined && tag !== modelTag)
    throw refused('was made by other weights; extract it anew from its image');
  if (view.getUint16(14, true) !== 0) throw refused('sets reserved bits');
  const qualityScore = view.getUint8(13);
  if (qualityScore > 100) throw refused('has an impossible quality');
  const width = view.getUint16(8, true);
  const height = view.getUint16(10, true);
  const minutiae: Minutia[] = [];
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const descriptors = new Int8Array(count * DESCRIPTOR_LENGTH);
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + index * MINUTIA_BYTES;
    const minutia = decodeMinutia(view, at);
    if (minutia.x > width || minutia.y > height) throw refused('has a minutia outside its image');
    minutiae.push(minutia);
    let squares = 0;
    for (let k = 0; k < DESCRIPTOR_LENGTH; k++) {
      const value = signed[at + 6 + k]!;
      descriptors[index * DESCRIPTOR_LENGTH + k] = value;
      squares += value * value;
    }
    // A vector that is not of unit length would weigh more than the others in every comparison.
    if (Math.abs(Math.sqrt(squares) - DESCRIPTOR_SCALE) > NORM_TOLERANCE)
      throw refused('holds a descriptor of impossible length');
  }
  return { modelTag: tag, width, height, qualityScore, minutiae, descriptors };
}

function decodeMinutia(view: DataView, at: number): Minutia {
  const turns = view.getUint8(at + 4) / STEPS_PER_TURN;
  const last = view.getUint8(at + 5);
  return {
    x: view.getUint16(at, true) / STEPS_PER_PIXEL,
    y: view.getUint16(at + 2, true) / STEPS_PER_PIXEL,
    directionRad: 2 * Math.PI * (turns >= 0.5 ? turns - 1 : turns),
    confidence: (last & 0x7f) / 127,
    type: last & 0x80 ? 'bifurcation' : 'ending',
  };
}

const refused = (why: string): ModelError => new ModelError('MODEL_INPUT', `the finger template ${why}`);
