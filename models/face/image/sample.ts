import type { Affine } from './affine.ts';
import type { RgbImage } from './decode.ts';
import { sampleTurned } from './sample-turned.ts';
import { sampleUpright } from './sample-upright.ts';

export interface SampleOptions {
  readonly width: number;
  readonly height: number;
  /** From a pixel of the result to a point of the image. */
  readonly toSource: Affine;
  /** What lies outside the image: black, or its nearest edge pixel. */
  readonly border: 'black' | 'edge';
  /** Planes of the result, in this order; grey is ITU-R BT.601 luma. */
  readonly planes: 'rgb' | 'bgr' | 'grey';
  /** A plane holds (value - mean) / deviation, value 0..255. */
  readonly mean?: readonly number[];
  readonly deviation?: readonly number[];
}

/** What a pixel's share in the one after it is counted in: fine enough for a 16th of a grey level, and two fit 32 bits. */
export const FULL = 2048;

/** ITU-R BT.601. */
export const LUMA = { red: 0.299, green: 0.587, blue: 0.114 } as const;

/** Where the values of a pixel go: each, times the square of {@link FULL}, is multiplied with its gain and then raised. */
export interface Planes {
  readonly out: Float32Array;
  readonly grey: boolean;
  readonly redAt: number;
  readonly greenAt: number;
  readonly blueAt: number;
  readonly redGain: number;
  readonly greenGain: number;
  readonly blueGain: number;
  readonly redRaise: number;
  readonly greenRaise: number;
  readonly blueRaise: number;
}

function planesFor({ width, height, planes, mean, deviation }: SampleOptions): Planes {
  const area = width * height;
  const grey = planes === 'grey';
  const [red, green, blue] = grey ? [0, 0, 0] : planes === 'bgr' ? [2, 1, 0] : [0, 1, 2];
  const gainOf = (plane: number): number => 1 / (deviation?.[plane] ?? 1);
  const raiseOf = (plane: number): number => -(mean?.[plane] ?? 0) * gainOf(plane);
  return {
    out: new Float32Array(grey ? area : 3 * area),
    grey,
    redAt: red * area,
    greenAt: green * area,
    blueAt: blue * area,
    redGain: gainOf(red) / FULL ** 2,
    greenGain: gainOf(green) / FULL ** 2,
    blueGain: gainOf(blue) / FULL ** 2,
    redRaise: raiseOf(red),
    greenRaise: raiseOf(green),
    blueRaise: raiseOf(blue),
  };
}

/**
 * Reads an image through an affine map into float planes (CHW), bilinear. Plain loops: 0.1 ms for an aligned face, where a
 * library call takes 13.
 */
export function sample(image: RgbImage, options: SampleOptions): Float32Array {
  const planes = planesFor(options);
  const { b, d } = options.toSource;
  if (b === 0 && d === 0) sampleUpright(image, options, planes);
  else sampleTurned(image, options, planes);
  return planes.out;
}
