/**
 * Letters drawn as strokes, so that a plot looks the same on a kiosk without a single font installed. Each glyph is
 * strokes of x,y points on a grid 4 wide and 6 high, y down; lower case is drawn as upper case.
 */
const GLYPHS: Readonly<Record<string, string>> = {
  A: '0,6 2,0 4,6|0.7,4 3.3,4',
  B: '0,0 0,6 3,6 4,5 4,4 3,3 0,3|3,3 3.7,2.3 3.7,0.8 3,0 0,0',
  C: '4,1 3,0 1,0 0,1 0,5 1,6 3,6 4,5',
  D: '0,0 0,6 2.5,6 4,4.5 4,1.5 2.5,0 0,0',
  E: '4,0 0,0 0,6 4,6|0,3 3,3',
  F: '4,0 0,0 0,6|0,3 3,3',
  G: '4,1 3,0 1,0 0,1 0,5 1,6 3,6 4,5 4,3.4 2.4,3.4',
  H: '0,0 0,6|4,0 4,6|0,3 4,3',
  I: '2,0 2,6',
  J: '3.5,0 3.5,5 2.5,6 1.2,6 0.3,5',
  K: '0,0 0,6|4,0 0,3.5|1.4,2.4 4,6',
  L: '0,0 0,6 3.7,6',
  M: '0,6 0,0 2,3.5 4,0 4,6',
  N: '0,6 0,0 4,6 4,0',
  O: '1,0 3,0 4,1 4,5 3,6 1,6 0,5 0,1 1,0',
  P: '0,6 0,0 3,0 4,0.9 4,2.4 3,3.3 0,3.3',
  Q: '1,0 3,0 4,1 4,5 3,6 1,6 0,5 0,1 1,0|2.6,4.4 4.2,6.4',
  R: '0,6 0,0 3,0 4,0.9 4,2.2 3,3.1 0,3.1|2.2,3.1 4,6',
  S: '4,1 3,0 1,0 0,1 0,2.2 1,3 3,3 4,3.8 4,5 3,6 1,6 0,5',
  T: '0,0 4,0|2,0 2,6',
  U: '0,0 0,5 1,6 3,6 4,5 4,0',
  V: '0,0 2,6 4,0',
  W: '0,0 1,6 2,2.5 3,6 4,0',
  X: '0,0 4,6|4,0 0,6',
  Y: '0,0 2,3 4,0|2,3 2,6',
  Z: '0,0 4,0 0,6 4,6',
  '0': '1,0 3,0 4,1 4,5 3,6 1,6 0,5 0,1 1,0',
  '1': '0.8,1.2 2.2,0 2.2,6',
  '2': '0,1 1,0 3,0 4,1 4,2.3 0,6 4,6',
  '3': '0,0.8 1,0 3,0 3.9,0.9 3.9,2.1 3,2.9 1.6,2.9|3,2.9 4,3.8 4,5 3,6 1,6 0,5.2',
  '4': '3,6 3,0 0,4.3 4,4.3',
  '5': '3.7,0 0.5,0 0.2,2.7 1.2,2.2 3,2.2 4,3.2 4,5 3,6 1,6 0,5.2',
  '6': '3.7,0.8 3,0 1,0 0,1 0,5 1,6 3,6 4,5 4,3.6 3,2.7 1,2.7 0,3.6',
  '7': '0,0 4,0 1.4,6',
  '8': '1,0 3,0 3.8,0.9 3.8,2 3,2.9 1,2.9 0.2,2 0.2,0.9 1,0|1,2.9 0,3.8 0,5.1 1,6 3,6 4,5.1 4,3.8 3,2.9',
  '9': '0.3,5.2 1,6 3,6 4,5 4,1 3,0 1,0 0,1 0,2.4 1,3.3 3,3.3 4,2.4',
  '.': '1.9,5.7 2.1,5.7 2.1,6 1.9,6 1.9,5.7',
  ',': '2,5.6 1.5,6.9',
  '%': '0,6 4,0|0.9,0 1.7,0.9 0.9,1.8 0.1,0.9 0.9,0|3.1,4.2 3.9,5.1 3.1,6 2.3,5.1 3.1,4.2',
  '-': '0.6,3.2 3.4,3.2',
  _: '0,6.6 4,6.6',
  '/': '0.4,6.4 3.6,-0.4',
  '(': '2.6,-0.5 1.4,1 1.4,5 2.6,6.5',
  ')': '1.4,-0.5 2.6,1 2.6,5 1.4,6.5',
  '=': '0.4,2.3 3.6,2.3|0.4,4.1 3.6,4.1',
  ':': '1.9,1.7 2.1,1.7 2.1,2 1.9,2 1.9,1.7|1.9,5 2.1,5 2.1,5.3 1.9,5.3 1.9,5',
};
const ADVANCE = 5.6;
const HEIGHT = 6;

export interface Lettering {
  readonly x: number;
  /** Of the baseline. */
  readonly y: number;
  /** Height of a capital, in pixels. */
  readonly size: number;
  readonly colour: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Turned a quarter to the left, for the name of an upright axis. */
  readonly upright?: boolean;
}

/** Text as an SVG path; characters that have no glyph leave a gap. */
export function letter(
  text: string,
  { x, y, size, colour, anchor = 'start', upright = false }: Lettering,
): string {
  const unit = size / HEIGHT;
  const width = Math.max(0, text.length * ADVANCE - (ADVANCE - 4)) * unit;
  const start = { start: 0, middle: -width / 2, end: -width }[anchor];
  const strokes = [...text.toUpperCase()].flatMap((character, index) =>
    (GLYPHS[character]?.split('|') ?? []).map(stroke => {
      const points = stroke.split(' ').map(point => {
        const [px, py] = point.split(',').map(Number) as [number, number];
        return `${(start + (index * ADVANCE + px) * unit).toFixed(2)},${((py - HEIGHT) * unit).toFixed(2)}`;
      });
      return `M${points.join('L')}`;
    }),
  );
  const turn = upright ? ' rotate(-90)' : '';
  const stroke = `fill="none" stroke="${colour}" stroke-width="${(size * 0.13).toFixed(2)}" stroke-linecap="round" stroke-linejoin="round"`;
  return `<path transform="translate(${x} ${y})${turn}" d="${strokes.join('')}" ${stroke}/>`;
}
