/** A slip for a page printer: one A6 page of PDF, its words as text. */
import PDFDocument from 'pdfkit';
import { create as createCode } from 'qrcode';
import { paperFonts } from '../fonts.ts';
import type { Slip } from '../receipt.ts';
import { typesetter } from './typeset.ts';

/** In PDF points (1/72 inch). */
const MARGIN = 24;
const TITLE = 18;
const TEXT = 10;
const CODE = 110;

/** @throws Error when the words cannot be set */
export async function pdfSlip(slip: Slip): Promise<Uint8Array> {
  const page = new PDFDocument({
    size: 'A6',
    margin: MARGIN,
    lang: slip.language,
    info: { Title: slip.title, Producer: 'Vantay' },
  });
  const chunks: Uint8Array[] = [];
  page.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => page.once('end', resolve).once('error', reject));
  const fonts = paperFonts(slip.language);
  for (const font of fonts) page.registerFont(font.name, await font.read());
  const type = await typesetter(slip.language);
  const width = page.page.width - 2 * MARGIN;
  const put = (text: string, size: number) => {
    for (const line of type.lines(text, size, width)) {
      const { x, y } = page;
      let at = x;
      for (const run of type.runs(line)) {
        page.font(run.font).fontSize(size).text(run.text, at, y, { lineBreak: false });
        at += page.widthOfString(run.text);
      }
      Object.assign(page, { x, y: y + size * 1.4 });
    }
    page.y += size * 0.5;
  };
  put(slip.title, TITLE);
  for (const paragraph of slip.paragraphs) put(paragraph, TEXT);
  put(slip.number.label, TEXT);
  put(slip.number.text, TEXT);
  drawCode(page, slip.code);
  page.end();
  await ended;
  return Buffer.concat(chunks);
}

function drawCode(page: PDFKit.PDFDocument, text: string): void {
  const { modules } = createCode(text, { errorCorrectionLevel: 'M' });
  const module = CODE / modules.size;
  const [left, top] = [page.x, page.y];
  for (let row = 0; row < modules.size; row += 1) {
    for (let column = 0; column < modules.size; column += 1) {
      if (modules.get(row, column))
        page.rect(left + column * module, top + row * module, module, module).fill('#000');
    }
  }
}
