import { type Chip, type ChipRegion, meanOver } from './chip.ts';

/** CIE 1976 L*a*b* (D65) of an sRGB colour, 0..255 each. */
export function toLab(red: number, green: number, blue: number): { L: number; a: number; b: number } {
  const linear = (value: number) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  const [r, g, bl] = [linear(red), linear(green), linear(blue)];
  // IEC 61966-2-1 to XYZ, divided by the D65 white point.
  const x = (0.4124 * r + 0.3576 * g + 0.1805 * bl) / 0.9505;
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  const z = (0.0193 * r + 0.1192 * g + 0.9505 * bl) / 1.089;
  const root = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116);
  return { L: 116 * root(y) - 16, a: 500 * (root(x) - root(y)), b: 200 * (root(y) - root(z)) };
}

/** Mean colour of a region of the face. */
export const regionLab = (chip: Chip, region: ChipRegion) =>
  toLab(meanOver(chip.red, region), meanOver(chip.green, region), meanOver(chip.blue, region));
