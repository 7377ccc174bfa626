import { FieldWriter } from './record-bytes.ts';

/**
 * Wraps a JPEG 2000 codestream into a JP2 file (ISO/IEC 15444-1 annex I): signature, file type, header and codestream
 * boxes. Readers of ISO records expect the file, the encoder gives the bare codestream. Pure.
 */
export function wrapJp2(
  codestream: Uint8Array,
  image: { readonly width: number; readonly height: number; readonly components: 1 | 3 },
): Uint8Array {
  const imageHeader = box(
    'ihdr',
    new FieldWriter()
      .uint(image.height, 4)
      .uint(image.width, 4)
      .uint(image.components, 2)
      .uint(7, 1) // bits per component less one
      .uint(7, 1) // compression type: always 7
      .uint(0, 1) // colour space known
      .uint(0, 1) // no intellectual property box
      .bytes(),
  );
  // Method 1: enumerated colour space 16 sRGB or 17 grey (table I.10).
  const colour = box(
    'colr',
    new FieldWriter()
      .uint(1, 1)
      .uint(0, 1)
      .uint(0, 1)
      .uint(image.components === 3 ? 16 : 17, 4)
      .bytes(),
  );
  return Buffer.concat([
    box('jP  ', Buffer.from([0x0d, 0x0a, 0x87, 0x0a])),
    box('ftyp', new FieldWriter().raw('jp2 ').uint(0, 4).raw('jp2 ').bytes()),
    box('jp2h', Buffer.concat([imageHeader, colour])),
    box('jp2c', codestream),
  ]);
}

function box(type: string, content: Uint8Array): Uint8Array {
  return new FieldWriter()
    .uint(content.length + 8, 4)
    .raw(type)
    .raw(content)
    .bytes();
}
