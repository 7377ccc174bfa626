import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inputFields } from '../../drivers/hid-pos/descriptor.ts';
import { CodeAssembler, type CodeLayout, codeLayout, decodeScan } from '../../drivers/hid-pos/wire.ts';
import { UsbDevice } from '../../sim/usb/device.ts';
import { codeReports, posScanner } from '../../sim/usb/pos-scanner.ts';
import golden from '../fixtures/wire/hid-pos.json' with { type: 'json' };

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const layout = golden.layout as CodeLayout;

/** The codes in reports, as `vantay` reads them. */
function codesIn(reports: readonly Uint8Array[], of = layout) {
  const assembler = new CodeAssembler();
  return reports.flatMap(report => {
    const part = decodeScan(of, report);
    const code = part && assembler.push(part);
    return code ? [{ symbology: code.symbology, text: Buffer.from(code.data).toString('latin1') }] : [];
  });
}

describe('golden bytes', () => {
  test('the descriptor, both sides', () => {
    expect(codeLayout(hex(golden.descriptor))).toEqual(layout);
    const device = new UsbDevice(posScanner);
    const setup = { type: 0x81, request: 6, value: 0x2200, index: 0, length: 4096 };
    expect(device.control(setup, Buffer.alloc(0))).toEqual(Buffer.from(hex(golden.descriptor)));
  });

  test.each(golden.codes)('$name, both sides', ({ symbology, text, reports }) => {
    expect(codesIn(reports.map(hex))).toEqual([{ symbology, text }]);
    expect(codeReports(symbology, Buffer.from(text)).map(report => Uint8Array.from(report))).toEqual(
      reports.map(hex),
    );
  });
});

describe('reports that are none', () => {
  const [whole] = golden.codes[0]!.reports.map(hex) as [Uint8Array];
  const changed = (at: number, byte: number) => whole.with(at, byte);

  test.each([
    ['of another number', changed(0, 3)],
    ['short by a byte', whole.subarray(0, 63)],
    ['empty', new Uint8Array(0)],
    ['with more data than fit', changed(1, 57)],
    ['with a symbology that is none', changed(2, 0x41)],
  ])('%s', (_name, report) => {
    expect(decodeScan(layout, report)).toBeUndefined();
  });

  test('a code whose end is missing costs no other', () => {
    const [number, , zone] = golden.codes.map(({ reports }) => reports.map(hex));
    expect(codesIn([zone![0]!, ...number!, ...zone!]).map(({ text }) => text)).toEqual([
      golden.codes[0]!.text,
      golden.codes[2]!.text,
    ]);
  });

  test('a code longer than any symbology holds is dropped', () => {
    const endless = codeReports(']Q1', new Uint8Array(7_090).fill(0x37));
    expect(codesIn(endless.slice(0, -1))).toEqual([]);
    expect(codesIn(codeReports(']Q1', new Uint8Array(7_089).fill(0x37)))).toHaveLength(1);
  });
});

describe('other descriptors', () => {
  test('one report without a number, length or symbology; flags by push and pop', () => {
    const plain = codeLayout(
      hex(
        '05 8c 09 02 a1 01 15 00 26 ff 00 75 08 95 04 a4 09 fe 81 02 75 01 95 01 09 ff 81 02 95 07 81 03 b4 c0',
      ),
    )!;
    expect(plain).toMatchObject({ report: undefined, dataAt: 0, dataBytes: 4, continuedBit: 32 });
    expect(codesIn([hex('41 42 43 44 01'), hex('45 00 00 00 00')], plain)).toEqual([
      { symbology: '', text: 'ABCDE' },
    ]);
  });

  test('a keyboard, a vendor page, data that begin within a byte, and cells of no bits are nothing to read', () => {
    const keyboard =
      '05 01 09 06 a1 01 05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01 95 06 25 65 19 00 29 65 81 00 c0';
    for (const descriptor of [
      keyboard,
      '06 66 ff 09 01 a1 01 c0',
      '05 8c 75 01 95 01 81 03 75 08 95 04 09 fe 81 02',
    ])
      expect(codeLayout(hex(descriptor))).toBeUndefined();
    expect(inputFields(hex(keyboard))).toHaveLength(8 + 6);
  });

  test('any bytes as descriptor and as report: no crash, and only what lies in the report', () => {
    const descriptor = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .tuple(fc.nat({ max: 70 }), fc.nat({ max: 255 }))
        .map(([at, byte]) =>
          at < hex(golden.descriptor).length ? hex(golden.descriptor).with(at, byte) : new Uint8Array(0),
        ),
    );
    fc.assert(
      fc.property(descriptor, fc.uint8Array({ minLength: 60, maxLength: 70 }), (bytes, report) => {
        const made = codeLayout(bytes);
        const code = made && decodeScan(made, report);
        if (code) expect(Buffer.from(report).includes(Buffer.from(code.data))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
