/** What a machine-readable zone is written from. Text is upper-case A-Z, spaces and hyphens; dates are YYYY-MM-DD. */
export interface ZoneFields {
  /** One or two letters: P for a passport, AT and AP for the residence cards. */
  readonly documentCode: string;
  /** ICAO three-letter code (Doc 9303-3 section 5). */
  readonly issuer: string;
  /** At most nine letters and digits. */
  readonly documentNumber: string;
  readonly surname: string;
  readonly givenNames: string;
  readonly nationality: string;
  readonly birthDate: string;
  readonly sex: 'female' | 'male' | 'unspecified';
  readonly expires: string;
  /** Optional data: TD3 personal number (14), TD1 first optional field (15). */
  readonly optional?: string;
}

const SEX = { female: 'F', male: 'M', unspecified: '<' } as const;
const filled = (text: string, length: number): string => text.padEnd(length, '<').slice(0, length);
const yymmdd = (date: string): string => date.slice(2).replaceAll('-', '');

/** Check digit of ICAO Doc 9303-3 section 4.9: weights 7, 3, 1; A = 10 .. Z = 35; filler 0. */
export function checkDigit(text: string): string {
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const value = code >= 65 ? code - 55 : code >= 48 && code <= 57 ? code - 48 : 0;
    sum += value * [7, 3, 1][i % 3]!;
  }
  return String(sum % 10);
}

const checked = (text: string): string => text + checkDigit(text);
const name = (fields: ZoneFields, length: number): string =>
  filled(
    [fields.surname, fields.givenNames].map(part => part.replaceAll(/[^A-Z]+/g, '<')).join('<<'),
    length,
  );

/** The two lines of 44 of a passport-size zone (Doc 9303-4 section 4.2). */
export function td3Lines(fields: ZoneFields): readonly [string, string] {
  const upper = filled(fields.documentCode, 2) + filled(fields.issuer, 3) + name(fields, 39);
  const number = checked(filled(fields.documentNumber, 9));
  const birth = checked(yymmdd(fields.birthDate));
  const expiry = checked(yymmdd(fields.expires));
  const personal = checked(filled(fields.optional ?? '', 14));
  const composite = checkDigit(number + birth + expiry + personal);
  return [
    upper,
    number + filled(fields.nationality, 3) + birth + SEX[fields.sex] + expiry + personal + composite,
  ];
}

/** The three lines of 30 of a card-size zone (Doc 9303-5 section 4.2). */
export function td1Lines(fields: ZoneFields): readonly [string, string, string] {
  const number = checked(filled(fields.documentNumber, 9)) + filled(fields.optional ?? '', 15);
  const birth = checked(yymmdd(fields.birthDate));
  const expiry = checked(yymmdd(fields.expires));
  const more = filled('', 11);
  const composite = checkDigit(number + birth + expiry + more);
  return [
    filled(fields.documentCode, 2) + filled(fields.issuer, 3) + number,
    birth + SEX[fields.sex] + expiry + filled(fields.nationality, 3) + more + composite,
    name(fields, 30),
  ];
}

export type CheckedField = 'documentNumber' | 'birthDate' | 'expires' | 'composite';

/** Line and column of each check digit, by the number of lines. */
const CHECK_DIGITS: Readonly<
  Record<2 | 3, Readonly<Record<CheckedField, readonly [line: number, column: number]>>>
> = {
  2: { documentNumber: [1, 9], birthDate: [1, 19], expires: [1, 27], composite: [1, 43] },
  3: { documentNumber: [0, 14], birthDate: [1, 6], expires: [1, 14], composite: [1, 29] },
};

/**
 * The zone with one check digit wrong, as a misread or forged document has it.
 * @throws RangeError when there are neither two nor three lines
 */
export function corruptCheckDigit(lines: readonly string[], field: CheckedField): string[] {
  if (lines.length !== 2 && lines.length !== 3)
    throw new RangeError(`a zone has 2 or 3 lines, not ${lines.length}`);
  const [line, column] = CHECK_DIGITS[lines.length][field];
  return lines.map((text, i) =>
    i === line ? text.slice(0, column) + ((Number(text[column]) + 1) % 10) + text.slice(column + 1) : text,
  );
}
