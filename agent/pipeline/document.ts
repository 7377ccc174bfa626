/** One document, from the lines of its machine-readable zone to a checked identity: read -> parsed -> every digit checked; or a code. */
import { type Details, type ParseResult, parse } from 'mrz';
import type { DocumentReader } from '../../drivers/device.ts';
import { AppointmentCode, type IdentityDocument, type PersonalData } from '../contract/common.ts';
import type { DocumentProblem } from '../contract/screen.ts';
import type { ReadDocument } from '../session/visit.ts';
import type { DeviceUse } from './ports.ts';
import { firstReading } from './readers.ts';

export type DocumentOutcome =
  | { readonly kind: 'document'; readonly document: ReadDocument }
  | { readonly kind: 'appointment'; readonly code: string }
  | { readonly kind: 'problem'; readonly problem: DocumentProblem };

/** Two-letter codes in a zone's first cell -> kind of card that Viet Nam issues (procedure data, rules 1 and 5). */
export type CardCodes = Readonly<Record<string, Exclude<IdentityDocument['kind'], 'travel_document'>>>;

/**
 * Waits for a document on one of the readers and reads it, or the code of an appointment. Codes of other content are passed over.
 * @param today calendar date in Vietnam, YYYY-MM-DD: two-digit years are read relative to it
 * @throws DeviceError; the abort reason of `signal`
 */
export async function takeDocument(
  readers: readonly DeviceUse<DocumentReader>[],
  cardCodes: CardCodes,
  today: string,
  signal: AbortSignal,
): Promise<DocumentOutcome> {
  for (;;) {
    const reading = await firstReading(readers, signal);
    if (reading.kind === 'zone') return readZone(reading.lines, cardCodes, today);
    const { success, data } = AppointmentCode.safeParse(reading.text);
    if (success) return { kind: 'appointment', code: data };
  }
}

/**
 * A machine-readable zone (ICAO Doc 9303 parts 4 and 5) as a checked document, or why it is none. Nothing is corrected:
 * a zone with a wrong digit is laid on the reader again, not guessed.
 */
export function readZone(lines: readonly string[], cardCodes: CardCodes, today: string): DocumentOutcome {
  const zone = parseZone(lines);
  if (!zone || (zone.format !== 'TD3' && zone.format !== 'TD1')) return problem('unreadable');
  const wrongDigits = zone.details.filter(detail => !detail.valid && isCheckDigit(detail));
  if (wrongDigits.length > 0) return problem('check_digit', wrongDigits.map(fieldOf));
  const invalid = zone.details.filter(detail => !detail.valid && !isUnknownSex(detail));
  if (invalid.length > 0) return problem('unreadable', invalid.map(fieldOf));
  const kind = kindOf(zone, cardCodes);
  if (!kind) return problem('wrong_document', ['documentCode']);
  const document = documentOf(zone, kind, today);
  return document ? { kind: 'document', document } : problem('unreadable');
}

const problem = (reason: DocumentProblem['reason'], fields: string[] = []): DocumentOutcome => ({
  kind: 'problem',
  problem: { reason, fields: [...new Set(fields)] },
});

function parseZone(lines: readonly string[]): ParseResult | null {
  try {
    return parse([...lines], { autocorrect: false });
  } catch {
    // The package throws on lines that are no zone at all; to the applicant that is an unreadable document.
    return null;
  }
}

const isCheckDigit = (detail: Details): boolean => detail.field?.endsWith('CheckDigit') ?? false;

/** '<' is a lawful value (Doc 9303 part 3, 4.6) that the package calls invalid in some formats. */
const isUnknownSex = (detail: Details): boolean => detail.field === 'sex' && detail.value === null;

const fieldOf = (detail: Details): string =>
  detail.field === 'compositeCheckDigit'
    ? 'composite'
    : (detail.field ?? detail.label).replace(/CheckDigit$/, '');

function kindOf(zone: ParseResult, cardCodes: CardCodes): IdentityDocument['kind'] | null {
  const code = zone.fields.documentCode ?? '';
  if (zone.format === 'TD3') return code.startsWith('P') ? 'travel_document' : null;
  return zone.fields.issuingState === 'VNM' ? (cardCodes[code] ?? null) : null;
}

function documentOf(zone: ParseResult, kind: IdentityDocument['kind'], today: string): ReadDocument | null {
  const { fields, documentNumber } = zone;
  const birthDate = calendarDate(fields.birthDate, 'past', today);
  const expires = calendarDate(fields.expirationDate, 'future', today);
  const { nationality, issuingState, lastName } = fields;
  if (!birthDate || !expires || !nationality || !issuingState || !lastName || !documentNumber) return null;
  const number = kind === 'identity_card' ? citizenNumber(zone) : documentNumber;
  if (!number) return null;
  const sex: PersonalData['sex'] =
    fields.sex === 'female' || fields.sex === 'male' ? fields.sex : 'unspecified';
  return {
    document: { kind, number, issuer: issuingState, expires },
    person: { surname: lastName, givenNames: fields.firstName ?? '', birthDate, sex, nationality },
  };
}

/** The number of twelve digits: in the optional field, of which the zone's own nine are the last. */
function citizenNumber({ fields, documentNumber }: ParseResult): string | null {
  const [number = ''] = /^\d{12}(?= |$)/.exec(fields.optional1 ?? '') ?? [];
  return documentNumber && number.endsWith(documentNumber) ? number : null;
}

/** YYMMDD -> YYYY-MM-DD. A birth lies not after today; an expiry is taken as of this century (Doc 9303 part 3, 4.7). */
function calendarDate(
  zone: string | null | undefined,
  side: 'past' | 'future',
  today: string,
): string | null {
  const digits = /^(\d\d)(\d\d)(\d\d)$/.exec(zone ?? '');
  if (!digits) return null;
  const [, year, month, day] = digits;
  const thisCentury = `20${year}-${month}-${day}`;
  const date = side === 'past' && thisCentury > today ? `19${year}-${month}-${day}` : thisCentury;
  const parsed = new Date(`${date}T00:00:00Z`);
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== date ? null : date;
}
