/**
 * A HID report descriptor as far as it says where in an input report something stands.
 * Source: USB-IF "Device Class Definition for Human Interface Devices" 1.11, chapter 6.2.2.
 */

/** A run of equal cells of one input report that mean the same. */
export interface InputField {
  /** Number of the report, its first byte; 0 where the device has one report only, which then has no number. */
  readonly report: number;
  /** Usage page in the upper 16 bits, usage in the lower. */
  readonly usage: number;
  /** From the beginning of the report, its number counted. */
  readonly firstBit: number;
  readonly bits: number;
}

/** The short items that matter, prefix without its two bits of size (6.2.2.4, 6.2.2.7, 6.2.2.8). */
const ITEM = {
  input: 0x80,
  output: 0x90,
  feature: 0xb0,
  collection: 0xa0,
  endCollection: 0xc0,
  usagePage: 0x04,
  reportSize: 0x74,
  reportId: 0x84,
  reportCount: 0x94,
  push: 0xa4,
  pop: 0xb4,
  usage: 0x08,
  usageMinimum: 0x18,
  usageMaximum: 0x28,
} as const;
const LONG_ITEM = 0xfe;
/** Main item data, bit 0: padding. */
const CONSTANT = 1;
/** The kernel takes no more (HID_MAX_DESCRIPTOR_SIZE), nor longer reports (HID_MAX_BUFFER_SIZE, 16 KiB). */
const MAX_DESCRIPTOR_BYTES = 4_096;
const MAX_REPORT_BITS = 16_384 * 8;

interface Global {
  readonly page: number;
  readonly cellBits: number;
  readonly cells: number;
  readonly report: number;
}

/** All input fields that have a usage, in order; undefined for what is no descriptor. */
export function inputFields(descriptor: Uint8Array): InputField[] | undefined {
  if (descriptor.length > MAX_DESCRIPTOR_BYTES) return undefined;
  const fields: InputField[] = [];
  const ends = new Map<number, number>();
  const stack: Global[] = [];
  let global: Global = { page: 0, cellBits: 0, cells: 0, report: 0 };
  let usages: number[] = [];
  let minimum = 0;
  for (let at = 0; at < descriptor.length; ) {
    const item = shortItem(descriptor, at);
    if (item === undefined) return undefined;
    at = item.end;
    const { value } = item;
    switch (item.tag) {
      case ITEM.usagePage:
        global = { ...global, page: value };
        break;
      case ITEM.reportSize:
        global = { ...global, cellBits: value };
        break;
      case ITEM.reportCount:
        global = { ...global, cells: value };
        break;
      case ITEM.reportId:
        if (value === 0 || value > 0xff) return undefined;
        global = { ...global, report: value };
        break;
      case ITEM.push:
        stack.push(global);
        break;
      case ITEM.pop: {
        const pushed = stack.pop();
        if (pushed === undefined) return undefined;
        global = pushed;
        break;
      }
      case ITEM.usage:
        usages.push(item.bytes === 4 ? value : fullUsage(global.page, value));
        break;
      case ITEM.usageMinimum:
        minimum = value;
        break;
      case ITEM.usageMaximum:
        for (let usage = minimum; usage <= value && usages.length < MAX_DESCRIPTOR_BYTES; usage += 1)
          usages.push(fullUsage(global.page, usage));
        break;
      case ITEM.input: {
        const { report, cellBits, cells } = global;
        // The number of a report is its first byte.
        const firstBit = ends.get(report) ?? (report === 0 ? 0 : 8);
        const end = firstBit + cellBits * cells;
        if (end > MAX_REPORT_BITS) return undefined;
        ends.set(report, end);
        if ((value & CONSTANT) === 0 && end > firstBit) fields.push(...runs(usages, global, firstBit));
        usages = [];
        break;
      }
      case ITEM.output:
      case ITEM.feature:
      case ITEM.collection:
      case ITEM.endCollection:
        usages = [];
        break;
    }
  }
  return fields;
}

const fullUsage = (page: number, usage: number): number => page * 0x1_0000 + usage;

/** One run a usage; the last usage stands for all cells that are left (6.2.2.8). */
function runs(
  usages: readonly number[],
  { report, cellBits, cells }: Global,
  firstBit: number,
): InputField[] {
  return usages.slice(0, cells).map((usage, i, named) => ({
    report,
    usage,
    firstBit: firstBit + i * cellBits,
    bits: cellBits * (i === named.length - 1 ? cells - i : 1),
  }));
}

/** Two bits of size (3 means four bytes), two of type, four of tag, then the data, little-endian. */
function shortItem(
  descriptor: Uint8Array,
  at: number,
):
  | { readonly tag: number; readonly value: number; readonly bytes: number; readonly end: number }
  | undefined {
  const prefix = descriptor[at] ?? 0;
  // A long item tells its length in the next byte; none is defined.
  if (prefix === LONG_ITEM) {
    const end = at + 3 + (descriptor[at + 1] ?? 0);
    return end > descriptor.length ? undefined : { tag: LONG_ITEM, value: 0, bytes: 0, end };
  }
  const bytes = (prefix & 3) === 3 ? 4 : prefix & 3;
  const end = at + 1 + bytes;
  if (end > descriptor.length) return undefined;
  let value = 0;
  for (let i = end - 1; i > at; i -= 1) value = value * 0x100 + descriptor[i]!;
  return { tag: prefix & 0xfc, value, bytes, end };
}
