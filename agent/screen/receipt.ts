/** The words of a receipt: the same on the screen, in its code, and on paper. No name stands on it. */
import type { Language, Purpose } from '../contract/common.ts';
import type { StepView } from '../contract/screen.ts';
import { LAW } from '../procedure/index.ts';
import { dateText, type Say } from './text.ts';

type ReceiptView = Extract<StepView, { step: 'receipt' }>;
type Receipt = Pick<ReceiptView, 'packetId' | 'handedIn' | 'expected' | 'officerNeeded'>;

const TITLE = {
  register_level_2: 'receipt.title',
  lock: 'receipt.title.lock',
  unlock: 'receipt.title.unlock',
} as const;

export const receiptTitle = (purpose: Purpose, say: Say): string => say(TITLE[purpose]);

/** The latest dates, in words; empty where none is promised. */
export function expectedText(expected: ReceiptView['expected'], language: Language, say: Say): string {
  const { within3WorkingDays: soon, within7WorkingDays: late, accountDecision } = expected;
  const date = (day: string) => dateText(language, day);
  if (accountDecision) return say('expected.account', { date: date(accountDecision) });
  if (soon && late) return say('expected.both', { soon: date(soon), late: date(late) });
  const only = soon ?? late;
  return only ? say('expected.one', { date: date(only) }) : '';
}

/** What a level 2 account asks of its holder afterwards; empty for a lock or unlock. */
export const activationText = (purpose: Purpose, say: Say): string =>
  purpose === 'register_level_2' ? say('receipt.activation', { days: LAW.activation.calendarDays }) : '';

/** What the telephone that reads the code keeps: number and dates. */
export const receiptCode = (receipt: Receipt, language: Language, say: Say): string =>
  [
    `VNeID, ${say('receipt.number')}:`,
    receipt.packetId,
    handedInText(receipt, language, say),
    expectedText(receipt.expected, language, say),
  ].join('\n');

export interface Slip {
  readonly language: Language;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly number: { readonly label: string; readonly text: string };
  /** What the code says. */
  readonly code: string;
}

export function slipOf(receipt: Receipt, language: Language, purpose: Purpose, say: Say): Slip {
  const { expected, officerNeeded } = receipt;
  const paragraphs = [
    receiptTitle(purpose, say),
    handedInText(receipt, language, say),
    expectedText(expected, language, say),
    expected.provisional ? say('expected.provisional') : '',
    say('slip.clock'),
    activationText(purpose, say),
    officerNeeded ? say('receipt.officer') : '',
  ];
  return {
    language,
    title: say('slip.title'),
    paragraphs: paragraphs.filter(text => text !== ''),
    number: { label: say('receipt.number'), text: receipt.packetId },
    code: receiptCode(receipt, language, say),
  };
}

const handedInText = ({ handedIn }: Receipt, language: Language, say: Say): string =>
  say('slip.handed_in', { date: dateText(language, handedIn, 'long') });
