import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { openSerial } from '../../drivers/link/serial.ts';
import { openSerialMrz } from '../../drivers/serial-mrz/driver.ts';
import { LineReader, ZoneAssembler } from '../../drivers/serial-mrz/wire.ts';
import { type ReaderOptions, startReader } from '../../sim/reader/reader.ts';
import golden from '../fixtures/wire/mrz.json' with { type: 'json' };

const soon = () => AbortSignal.timeout(10_000);
const [td3, td1] = golden.documents.map(document => document.lines) as [string[], string[]];
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** All documents in `bytes`, and how many lines were dropped. */
function documentsIn(...chunks: Uint8Array[]): { documents: (readonly string[])[]; dropped: number } {
  const lines = new LineReader();
  const zones = new ZoneAssembler();
  const documents = chunks
    .flatMap(chunk => lines.push(chunk))
    .flatMap(line => [zones.push(line) ?? []].filter(d => d.length > 0));
  return { documents, dropped: lines.dropped + zones.dropped };
}

const text = (...lines: string[]) => Buffer.from(lines.map(line => `${line}\r`).join(''));

describe('lines and documents', () => {
  for (const document of golden.documents) {
    test(`${document.name}: golden bytes`, () => {
      expect(documentsIn(hex(document.bytes))).toEqual({ documents: [document.lines], dropped: 0 });
    });
  }

  test('any cutting of the bytes, any line end, framing characters', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('\r', '\n', '\r\n'),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (end, size, framed) => {
          const sent = [...td3, ...td1, ...td3]
            .map(line => (framed ? `\x02${line}\x03${end}` : line + end))
            .join('');
          const bytes = Buffer.from(sent);
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          expect(documentsIn(...chunks)).toEqual({ documents: [td3, td1, td3], dropped: 0 });
        },
      ),
    );
  });

  test('a zone sent as one line', () => {
    expect(documentsIn(text(td3.join(''), td1.join(''))).documents).toEqual([td3, td1]);
  });

  test('a lost line costs its document and no other', () => {
    for (const [lost, whole] of [
      [td3, td1],
      [td1, td3],
      [td1, td1],
      [td3, td3],
    ] as const) {
      for (let missing = 0; missing < lost.length; missing += 1) {
        const left = lost.filter((_, i) => i !== missing);
        expect(documentsIn(text(...left, ...whole)), `without ${missing}`).toEqual({
          documents: [whole],
          dropped: left.length,
        });
      }
    }
  });

  test('garbage lines are dropped and counted', () => {
    const junk = ['NO READ', 'p<utoeriksson', '<'.repeat(43), 'X'.repeat(300), 'P<UTO ERIKSSON'];
    expect(documentsIn(text(...junk, ...td3))).toEqual({ documents: [td3], dropped: junk.length });
    expect(documentsIn(text(td3[0]!, ...junk, ...td3))).toEqual({
      documents: [td3],
      dropped: junk.length + 1,
    });
  });

  test('random bytes never crash and yield only whole zones', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(...td3, ...td1).map(line => Buffer.from(`${line}\r`)),
      fc.stringMatching(/^[A-Z0-9<]{30}\r[A-Z0-9<]{44}\r$/).map(line => Buffer.from(line)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        for (const document of documentsIn(...pieces).documents) {
          const width = document.length === 2 ? 44 : 30;
          expect(document.length).toBeGreaterThan(1);
          for (const line of document) expect(line).toMatch(new RegExp(`^[A-Z0-9<]{${width}}$`));
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('on a serial port', () => {
  const toClose: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const resource of toClose.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  });

  async function start(options: ReaderOptions = {}) {
    const device = startReader(options);
    const reader = await openSerialMrz({ path: device.path }, soon());
    toClose.push(device, reader);
    return { device, reader };
  }

  test('the simulated reader sends the golden bytes', async () => {
    const device = startReader();
    const link = await openSerial(device.path, 9_600, soon());
    toClose.push(device, link);
    const wanted = hex(golden.documents[0]!.bytes);
    await device.present(td3);
    let got = Buffer.alloc(0);
    while (got.length < wanted.length) got = Buffer.concat([got, await link.read(soon())]);
    expect(Uint8Array.from(got)).toEqual(wanted);
  });

  test('gives what is laid on it, one after another', async () => {
    const { device, reader } = await start();
    for (const document of [td3, td1, td3]) {
      const read = reader.read(soon());
      await device.present(document);
      expect(await read).toEqual({ kind: 'zone', lines: document });
    }
    expect(reader.dropped).toBe(0);
  });

  test('a document laid down just before the question is given', async () => {
    const { device, reader } = await start({ lineEnd: '\r\n' });
    await device.present(td1);
    expect(await reader.read(soon())).toEqual({ kind: 'zone', lines: td1 });
  });

  test('skips garbage and counts it', async () => {
    const { device, reader } = await start();
    const read = reader.read(soon());
    await device.sendGarbage('\x00\xff??\rNO READ\rHN-2026/1182\r');
    await device.present(td3);
    expect(await read).toEqual({ kind: 'zone', lines: td3 });
    expect(reader.dropped).toBe(3);
  });

  test('cancelling leaves it usable', async () => {
    const { device, reader } = await start();
    await expect(reader.read(AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
    const cancel = new AbortController();
    const read = reader.read(cancel.signal);
    cancel.abort(new Error('cancelled'));
    await expect(read).rejects.toThrow('cancelled');
    await device.present(td3);
    expect(await reader.read(soon())).toEqual({ kind: 'zone', lines: td3 });
  });

  test('unplugged', async () => {
    const { device, reader } = await start();
    const read = reader.read(soon());
    await device.unplug();
    await expect(read).rejects.toMatchObject({ code: 'DEVICE_GONE' });
    expect(await reader.lost).toMatchObject({ code: 'DEVICE_GONE' });
    await expect(reader.read(soon())).rejects.toMatchObject({ code: 'DEVICE_GONE' });
  });
});
