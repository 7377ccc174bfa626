/** A slip for a receipt printer: the words as a picture, the code by the printer itself (ESC/POS through receiptline). */
import { transform } from 'receiptline';
import sharp from 'sharp';
import type { Slip } from '../receipt.ts';
import { type Typesetter, typesetter } from './typeset.ts';

/** Dots across 80 mm paper at 203 dpi, and characters of its standard font. */
const PAPER = { dots: 576, characters: 48 };
/** Sizes and gaps in dots. */
const TITLE = 40;
const TEXT = 26;
const LEADING = 1.35;
const GAP = 16;

/** @throws Error when the words cannot be drawn */
export async function escposSlip(slip: Slip): Promise<Uint8Array> {
  const words = await picture(slip, await typesetter(slip.language));
  const document = [
    `{image:${words.toString('base64')}}`,
    `{code:${escaped(slip.number.text)};option:qrcode,5,m}`,
    escaped(slip.number.text),
    '=',
  ].join('\n');
  const printer = { cpl: PAPER.characters, encoding: 'cp437', command: 'escpos', gradient: false } as const;
  // The library gives bytes as the characters of a string.
  return Buffer.from(transform(document, printer), 'latin1');
}

/** Characters that mean something to receiptline. */
const escaped = (text: string): string => text.replaceAll(/[\\|{}~_"`^;:]/g, mark => `\\${mark}`);

async function picture(slip: Slip, type: Typesetter): Promise<Buffer> {
  const shapes: string[] = [];
  let y = 0;
  const put = (text: string, size: number) => {
    for (const line of type.lines(text, size, PAPER.dots)) {
      y += size * LEADING;
      shapes.push(`<path transform="translate(0 ${y.toFixed(1)})" d="${type.outline(line, size)}"/>`);
    }
    y += GAP;
  };
  put(slip.title, TITLE);
  for (const paragraph of slip.paragraphs) put(paragraph, TEXT);
  put(slip.number.label, TEXT);
  const height = Math.ceil(y);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${PAPER.dots}" height="${height}"><rect width="100%" height="100%" fill="#fff"/>${shapes.join('')}</svg>`;
  return sharp(Buffer.from(svg)).greyscale().threshold(160).png().toBuffer();
}
