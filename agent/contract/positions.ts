/** The fingers by name, apart from the schemas so that the kiosk page can have them without a validator. */

/** ISO/IEC 19794-2:2011 table 5 finger position codes in words; the index + 1 is the code. */
export const FINGER_POSITIONS = [
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

export type FingerName = (typeof FINGER_POSITIONS)[number];

/** ISO/IEC 19794-2:2011 code, 1..10. */
export const positionCode = (position: FingerName): number => FINGER_POSITIONS.indexOf(position) + 1;
