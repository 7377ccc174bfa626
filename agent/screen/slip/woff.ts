/** WOFF to the font inside it (W3C WOFF File Format 1.0, sections 3 to 5): what draws on paper reads no wrapped fonts. */
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';

const inflated = promisify<Uint8Array, Buffer>(inflate);

const SIGNATURE = 0x774f4646;
/** Lengths of headers and directory entries in bytes, wrapped and bare. */
const WOFF = { header: 44, entry: 20 };
const SFNT = { header: 12, entry: 16 };

/** @throws Error for anything but a whole WOFF 1.0 file */
export async function unwrapFont(woff: Uint8Array): Promise<Buffer> {
  const source = Buffer.from(woff.buffer, woff.byteOffset, woff.byteLength);
  if (source.readUInt32BE(0) !== SIGNATURE) throw new Error('not a WOFF font');
  const count = source.readUInt16BE(12);
  const directory = Buffer.alloc(SFNT.header + count * SFNT.entry);
  source.copy(directory, 0, 4, 8);
  const span = 2 ** Math.floor(Math.log2(count));
  directory.writeUInt16BE(count, 4);
  directory.writeUInt16BE(span * SFNT.entry, 6);
  directory.writeUInt16BE(Math.log2(span), 8);
  directory.writeUInt16BE((count - span) * SFNT.entry, 10);
  const tables: Buffer[] = [];
  let offset = directory.length;
  for (let index = 0; index < count; index += 1) {
    const entry = WOFF.header + index * WOFF.entry;
    const [start, packed, length] = [4, 8, 12].map(at => source.readUInt32BE(entry + at)) as [
      number,
      number,
      number,
    ];
    const stored = source.subarray(start, start + packed);
    const table = packed < length ? await inflated(stored) : stored;
    if (table.length !== length) throw new Error('a table of the WOFF font is cut off');
    const to = SFNT.header + index * SFNT.entry;
    source.copy(directory, to, entry, entry + 4);
    source.copy(directory, to + 4, entry + 16, entry + 20);
    directory.writeUInt32BE(offset, to + 8);
    directory.writeUInt32BE(length, to + 12);
    // Tables begin at multiples of four bytes.
    const padding = Buffer.alloc(-length & 3);
    tables.push(table, padding);
    offset += length + padding.length;
  }
  return Buffer.concat([directory, ...tables]);
}
