import { describe, expect, test } from 'vitest';
import { decodeStatus, STATUS_QUESTION } from '../../drivers/printer/status.ts';
import { type PrinterFault, realTimeQuestions, statusBytes } from '../../sim/printer/printer.ts';
import golden from '../fixtures/wire/printer-status.json' with { type: 'json' };

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('golden bytes', () => {
  test('the question, both sides', () => {
    expect(STATUS_QUESTION).toEqual(hex(golden.question));
    expect(realTimeQuestions(Buffer.from(hex(golden.question))).questions).toEqual([2, 4]);
  });

  test.each(golden.answers)('$name, both sides', ({ bytes, status, trouble }) => {
    expect(decodeStatus(hex(bytes))).toBe(status);
    expect(statusBytes([2, 4], trouble as PrinterFault | null)).toEqual(hex(bytes));
  });
});

test('what is no status says nothing', () => {
  for (const bytes of ['', '12', '12 12 12', '00 12', '12 ff', '93 12'])
    expect(decodeStatus(hex(bytes))).toBeUndefined();
});

test('a fault of the printer, and paper that is near its end', () => {
  expect(decodeStatus(hex('52 12'))).toBe('fault');
  expect(decodeStatus(hex('12 1e'))).toBe('ready');
});
