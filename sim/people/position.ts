/** ISO/IEC 19794-2:2011 table 5 finger position codes in words; the index + 1 is the code. */
const FINGER_POSITIONS = [
  'right_thumb',
  'right_index',
  'right_middle',
  'right_ring',
  'right_little',
  'left_thumb',
  'left_index',
  'left_middle',
  'left_ring',
  'left_little',
] as const;

export type FingerPositionName = (typeof FINGER_POSITIONS)[number];
export type FingerCode = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

export const FINGER_CODES: readonly FingerCode[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

export const positionName = (code: FingerCode): FingerPositionName => FINGER_POSITIONS[code - 1]!;

/** The code behind a folder's name: `2`, `02`, `right_index`, `right-index`, `Right Index`; undefined for any other. */
export function positionCode(text: string): FingerCode | undefined {
  const word = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  const index = /^\d{1,2}$/.test(word)
    ? Number(word) - 1
    : FINGER_POSITIONS.indexOf(word as FingerPositionName);
  return FINGER_CODES[index];
}
