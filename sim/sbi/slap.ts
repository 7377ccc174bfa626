/** A hand on a large glass: single prints laid beside each other, fanned out and turned. */
import type { FingerCode } from '../people/position.ts';
import type { GrayImage } from './record.ts';

/** What lies on the glass. */
export interface Laid {
  /** Left to right as they lie there. */
  readonly prints: readonly { readonly finger: FingerCode; readonly image: GrayImage }[];
  /** Of the whole hand, clockwise; 0 when absent. */
  readonly rotationRad?: number;
  /** The hand lies so flat that the next phalanx of each finger prints as well. */
  readonly phalanges?: boolean;
}

/** 3.2 by 3.0 inches at 500 ppi: the glass of 4-4-2 scanners (FBI EBTS appendix F). */
const GLASS = { width: 1600, height: 1500, ppi: 500 } as const;
/** From one finger's middle to the next, in pixels: fingers are 16 to 18 mm wide. */
const BETWEEN = 345;
/** How far the tips lie above (negative) the middle finger's, by ISO finger within the hand: index, middle, ring, little. */
const TIP_DROP: Readonly<Record<number, number>> = { 2: 80, 3: 0, 4: 50, 0: 210 };
/** From a fingertip's middle to that of the phalanx below it, the crease between them: 18 mm. */
const TO_PHALANX = 350;
/** Fingers spread a little, in radians from one to the next. */
const SPREAD_RAD = 0.05;

const dropOf = (finger: FingerCode): number => (finger === 1 || finger === 6 ? 0 : TIP_DROP[finger % 5]!);

/** The glass as the scanner images it, white where nothing lies. */
export function slapImage({ prints, rotationRad = 0, phalanges = false }: Laid): GrayImage {
  const { width, height, ppi } = GLASS;
  const pixels = new Uint8Array(width * height).fill(255);
  prints.forEach(({ finger, image }, index) => {
    const place = index - (prints.length - 1) / 2;
    const x = place * BETWEEN;
    const y = dropOf(finger) - 90;
    const turn = rotationRad + place * SPREAD_RAD;
    const centreX = width / 2 + x * Math.cos(rotationRad) - y * Math.sin(rotationRad);
    const centreY = height / 2 + x * Math.sin(rotationRad) + y * Math.cos(rotationRad);
    lay(pixels, image, centreX, centreY, turn);
    if (phalanges)
      lay(pixels, image, centreX - TO_PHALANX * Math.sin(turn), centreY + TO_PHALANX * Math.cos(turn), turn);
  });
  return { width, height, ppi, pixels };
}

/** Draws a print turned about its middle; where two overlap the darker one shows. */
function lay(glass: Uint8Array, print: GrayImage, centreX: number, centreY: number, turnRad: number): void {
  const cos = Math.cos(turnRad);
  const sin = Math.sin(turnRad);
  const reach = Math.ceil(Math.hypot(print.width, print.height) / 2);
  for (let y = Math.max(0, Math.floor(centreY) - reach); y < Math.min(GLASS.height, centreY + reach); y++) {
    for (let x = Math.max(0, Math.floor(centreX) - reach); x < Math.min(GLASS.width, centreX + reach); x++) {
      const dx = x - centreX;
      const dy = y - centreY;
      const value = at(print, print.width / 2 + dx * cos + dy * sin, print.height / 2 + dy * cos - dx * sin);
      const to = y * GLASS.width + x;
      if (value < glass[to]!) glass[to] = value;
    }
  }
}

/** Bilinear; white outside. */
function at({ width, height, pixels }: GrayImage, x: number, y: number): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  if (left < 0 || top < 0 || left + 1 >= width || top + 1 >= height) return 255;
  const fx = x - left;
  const fy = y - top;
  const from = top * width + left;
  const upper = pixels[from]! * (1 - fx) + pixels[from + 1]! * fx;
  const lower = pixels[from + width]! * (1 - fx) + pixels[from + width + 1]! * fx;
  return Math.round(upper * (1 - fy) + lower * fy);
}
