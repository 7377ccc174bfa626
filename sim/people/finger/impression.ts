import { contactDepthPx } from './contact.ts';
import { logistic, smoothNoise } from './field.ts';
import { inkDensity } from './ink.ts';
import { blots, whiteLines } from './marks.ts';
import { drawConditions, type ImpressionOptions } from './options.ts';
import { type Placement, placeFinger, sampleRidges } from './placement.ts';
import { createRng } from './rng.ts';
import { senseImage } from './sensor.ts';
import type { GrayImage, Master, Minutia } from './types.ts';

export interface Impression {
  readonly image: GrayImage;
  /** The master's minutiae that this image shows, in its pixels. */
  readonly minutiae: readonly Minutia[];
}

/** Depth from which ridges are surely printed, and within which they may be. */
const SURE_DEPTH_PX = 8;
const RIM_DEPTH_PX = 2;

/**
 * One laying-on of a finger. Pure: the same master and options give the same bytes.
 * @throws RangeError for options outside their range
 */
export function makeImpression(master: Master, options: ImpressionOptions): Impression {
  const conditions = drawConditions(options, master.seed);
  const { width, height } = conditions;
  const rng = (part: string) => createRng(part, master.seed, options.seed);
  const placement = placeFinger(conditions, rng('placement'));
  const ridge = sampleRidges(master.ridges, placement);
  const depthPx = contactDepthPx(conditions, placement, rng('contact'));
  const ink = inkDensity(ridge, depthPx, conditions, rng('ink'));
  const lines = whiteLines(master.creases, placement, conditions, rng('lines'));
  const { dropout, smudge } = blots(conditions, rng('blots'));

  const edgeRng = rng('edge');
  const edge = smoothNoise(edgeRng, width, height, 4);
  const edgeNoisePx = edgeRng.between(1, 4);
  const edgeWidthPx = edgeRng.between(1, 3);
  const residue = smoothNoise(edgeRng, width, height, edgeRng.between(60, 200));
  const residueLevel = edgeRng.chance(0.4) ? edgeRng.between(0, 0.08) : 0;
  for (let i = 0; i < ink.length; i++) {
    let value = ink[i]! * (1 - lines[i]!);
    if (smudge) value += smudge[i]! * (0.7 - value);
    let touch = logistic((depthPx[i]! + edgeNoisePx * edge[i]!) / edgeWidthPx);
    if (dropout) touch *= 1 - dropout[i]!;
    value *= touch;
    ink[i] = value + (1 - value) * Math.max(0, residueLevel * (1 + residue[i]!));
  }
  const blotted = (i: number): boolean => Math.max(lines[i]!, dropout?.[i] ?? 0, smudge?.[i] ?? 0) > 0.4;
  return {
    image: { width, height, ppi: conditions.ppi, pixels: senseImage(ink, conditions, rng('sensor')) },
    minutiae: visibleMinutiae(master.minutiae, placement, width, height, depthPx, blotted),
  };
}

function visibleMinutiae(
  minutiae: readonly Minutia[],
  placement: Placement,
  width: number,
  height: number,
  depthPx: Float32Array,
  blotted: (pixel: number) => boolean,
): Minutia[] {
  return minutiae.flatMap(minutia => {
    const at = placement.toImage(minutia.x, minutia.y);
    if (!at) return [];
    const [x, y] = at;
    if (x < 3 || y < 3 || x > width - 4 || y > height - 4) return [];
    const pixel = Math.round(y) * width + Math.round(x);
    if (depthPx[pixel]! < RIM_DEPTH_PX) return [];
    const reliable = minutia.reliable && depthPx[pixel]! >= SURE_DEPTH_PX && !blotted(pixel);
    return [
      {
        x,
        y,
        directionRad: placement.directionInImage(x, y, minutia.directionRad),
        type: minutia.type,
        reliable,
      },
    ];
  });
}
