/** The printed receipt: the same words on a roll and on a page, in six languages, through real printers' protocols. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paperFonts } from '../../agent/screen/fonts.ts';
import { OFFERED_LANGUAGES } from '../../agent/screen/messages/index.ts';
import { slipOf } from '../../agent/screen/receipt.ts';
import { renderSlip } from '../../agent/screen/slip/render.ts';
import { typesetter } from '../../agent/screen/slip/typeset.ts';
import { unwrapFont } from '../../agent/screen/slip/woff.ts';
import { speaker } from '../../agent/screen/text.ts';
import { printTo } from '../../drivers/printer/driver.ts';
import { startPrinter } from '../../sim/printer/printer.ts';
import { PACKET_ID } from '../fixtures/visit.ts';

/** Longest a slip takes to be drawn in its thread on a busy machine, in milliseconds. */
const DRAWN_MS = 120_000;

const { signal } = new AbortController();

const slip = (language: (typeof OFFERED_LANGUAGES)[number]) =>
  slipOf(
    {
      packetId: PACKET_ID,
      handedIn: '2026-11-20',
      expected: {
        within3WorkingDays: '2026-11-26',
        within7WorkingDays: '2026-12-02',
        accountDecision: null,
        provisional: true,
      },
      officerNeeded: true,
    },
    language,
    'register_level_2',
    speaker(language),
  );

describe('a slip', () => {
  it('says number, day, dates and what follows', () => {
    const { paragraphs, number, code } = slip('en');
    const text = paragraphs.join('\n');
    expect(text).toContain('Handed in on November 20, 2026');
    expect(text).toContain('Thursday, November 26, 2026');
    expect(text).toContain('Wednesday, December 2, 2026');
    expect(text).toContain('not final yet');
    expect(text).toContain('within 7 days');
    expect(number.text).toBe(PACKET_ID);
    expect(code).toContain(PACKET_ID);
  });

  it.each(OFFERED_LANGUAGES)(
    'in %s is set in fonts that have all its letters, within the width',
    async language => {
      const type = await typesetter(language);
      const { title, paragraphs } = slip(language);
      for (const text of [title, ...paragraphs]) {
        const lines = type.lines(text, 26, 576);
        expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
        for (const line of lines) {
          expect(type.lines(line, 26, 577)).toHaveLength(1);
          // A letter without a glyph is drawn as the first font's box: it must not be asked for.
          for (const { font } of type.runs(line)) expect(font).not.toBe('');
          expect(type.missing(line)).toEqual([]);
        }
      }
    },
  );

  it(
    'goes to a receipt printer as picture, code and cut',
    async () => {
      await using printer = await startPrinter();
      const taken = printer.next();
      const settings = { kind: 'escpos-tcp', host: '127.0.0.1', port: printer.port } as const;
      await printTo(settings, await renderSlip('escpos', slip('vi'), signal), signal);
      const paper = await taken;
      const [words, code] = paper.pictures;
      expect(words).toBeGreaterThan(300);
      expect(code).toBeGreaterThan(100);
      expect(paper.text).toContain(PACKET_ID);
      expect(paper.cut).toBe(true);
    },
    DRAWN_MS,
  );

  it('goes to no printer without paper or with an open cover, and to one that answers no question', async () => {
    await using printer = await startPrinter();
    const settings = { kind: 'escpos-tcp', host: '127.0.0.1', port: printer.port } as const;
    for (const [trouble, message] of [
      ['paperOut', 'the printer has no paper'],
      ['coverOpen', 'the cover of the printer is open'],
    ] as const) {
      printer.trouble = trouble;
      await expect(printTo(settings, Buffer.from('x'), signal)).rejects.toMatchObject({
        code: 'DEVICE_FAULT',
        message,
      });
    }
    expect(printer.jobs).toEqual([]);
    printer.trouble = 'mute';
    const taken = printer.next();
    await printTo(settings, Buffer.from('words'), signal);
    expect((await taken).text).toBe('words');
  });

  it(
    'goes to a page printer as a PDF with its language',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'vantay-slip-'));
      try {
        const file = join(folder, 'slip.pdf');
        const settings = { kind: 'pdf-command', command: 'tee', arguments: [file] } as const;
        await printTo(settings, await renderSlip('pdf', slip('en'), signal), signal);
        const text = (await readFile(file)).toString('latin1');
        expect(text).toMatch(/^%PDF-1/);
        expect(text).toContain('/Lang (en)');
        expect(text.match(/\/FontFile/g)?.length).toBeGreaterThan(0);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    DRAWN_MS,
  );

  it('that no printer takes is a device error', async () => {
    const nowhere = { kind: 'escpos-file', path: join(tmpdir(), 'vantay-no-folder', 'lp0') } as const;
    await expect(printTo(nowhere, new Uint8Array(1), signal)).rejects.toMatchObject({
      code: 'DEVICE_NOT_FOUND',
    });
    const failing = { kind: 'pdf-command', command: 'false', arguments: [] } as const;
    await expect(printTo(failing, new Uint8Array(1), signal)).rejects.toMatchObject({ code: 'DEVICE_FAULT' });
  });
});

describe('an unwrapped font', () => {
  it('is a TrueType font of whole tables', async () => {
    const [latin] = paperFonts('en');
    const font = await latin!.read();
    expect(font.readUInt32BE(0)).toBe(0x00010000);
    const tables = font.readUInt16BE(4);
    for (let index = 0; index < tables; index += 1) {
      const entry = 12 + index * 16;
      expect(font.readUInt32BE(entry + 8) + font.readUInt32BE(entry + 12)).toBeLessThanOrEqual(font.length);
    }
  });

  it('is refused when it is none', async () => {
    await expect(unwrapFont(Buffer.alloc(64))).rejects.toThrow('not a WOFF font');
  });
});
