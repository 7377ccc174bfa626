import { ModelError } from './error.ts';

/**
 * One field of a Protocol Buffers message: a varint (type 0) as bigint, or bytes (type 1: 8 bytes, 2: length-delimited,
 * 5: 4 bytes). Source: protobuf.dev/programming-guides/encoding.
 */
export type Field =
  | { readonly number: number; readonly type: 0; readonly value: bigint }
  | { readonly number: number; readonly type: 1 | 2 | 5; readonly value: Uint8Array };

const truncated = () => new ModelError('MODEL_INVALID', 'model file is no ONNX: a protobuf field is cut off');

/** Splits a message into its fields, in order. Nested messages stay bytes, so whatever is not touched is kept as it was. */
export function decodeFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw truncated();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ModelError('MODEL_INVALID', 'model file is no ONNX: a protobuf varint exceeds 64 bits');
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw truncated();
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    const type = tag & 7;
    if (type === 0) fields.push({ number, type, value: varint() });
    else if (type === 2) fields.push({ number, type, value: take(Number(varint())) });
    else if (type === 1 || type === 5) fields.push({ number, type, value: take(type === 1 ? 8 : 4) });
    else throw new ModelError('MODEL_INVALID', `model file is no ONNX: protobuf wire type ${type}`);
  }
  return fields;
}

function varintBytes(value: bigint): number[] {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const more = rest > 0x7fn;
    out.push(Number(rest & 0x7fn) | (more ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return out;
}

/** The inverse of {@link decodeFields}. */
export function encodeFields(fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    const head = varintBytes(BigInt(field.number * 8 + field.type));
    if (field.type === 0) parts.push(Uint8Array.from([...head, ...varintBytes(field.value)]));
    else {
      if (field.type === 2) head.push(...varintBytes(BigInt(field.value.length)));
      parts.push(Uint8Array.from(head), field.value);
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}

export const varintField = (number: number, value: bigint | number): Field => ({
  number,
  type: 0,
  value: BigInt(value),
});

export const bytesField = (number: number, value: Uint8Array): Field => ({ number, type: 2, value });

export const textField = (number: number, text: string): Field =>
  bytesField(number, new TextEncoder().encode(text));

/** Every value of a repeated bytes, string or message field. */
export const allBytes = (fields: readonly Field[], number: number): Uint8Array[] =>
  fields.flatMap(field => (field.number === number && field.type === 2 ? [field.value] : []));

/** A string field, '' when absent (as protobuf 3 means it). */
export const text = (fields: readonly Field[], number: number): string =>
  new TextDecoder().decode(allBytes(fields, number)[0] ?? new Uint8Array());
