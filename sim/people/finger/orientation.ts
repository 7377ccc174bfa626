import { type Field, smoothNoise } from './field.ts';
import { MASTER_HEIGHT, MASTER_WIDTH } from './outline.ts';
import type { Rng } from './rng.ts';
import type { PatternClass, SingularPoint } from './types.ts';

/** How often each class is drawn (near the natural shares of Wilson, Candela and Watson 1993). */
export const CLASS_SHARES: Readonly<Record<PatternClass, number>> = {
  arch: 0.06,
  tented_arch: 0.06,
  left_loop: 0.3,
  right_loop: 0.3,
  whorl: 0.2,
  double_loop: 0.08,
};

export function drawPatternClass(rng: Rng): PatternClass {
  let left = rng.uniform();
  for (const [name, share] of Object.entries(CLASS_SHARES) as [PatternClass, number][]) {
    left -= share;
    if (left < 0) return name;
  }
  return 'double_loop';
}

export interface RidgeFlow {
  /** Tangent of the ridges in radians, any branch, image axes. */
  readonly thetaRad: Field;
  readonly singularPoints: readonly SingularPoint[];
}

/** Offsets from the pattern's centre in master pixels, y up. */
type Offset = readonly [x: number, y: number];

function singularOffsets(
  patternClass: Exclude<PatternClass, 'arch'>,
  rng: Rng,
): { cores: Offset[]; deltas: Offset[] } {
  const near = (x: number, y: number): Offset => [x + rng.normal(0, 10), y + rng.normal(0, 12)];
  switch (patternClass) {
    case 'left_loop':
      return { cores: [near(0, 10)], deltas: [near(rng.between(60, 140), -rng.between(75, 170))] };
    case 'right_loop':
      return { cores: [near(0, 10)], deltas: [near(-rng.between(60, 140), -rng.between(75, 170))] };
    case 'tented_arch':
      return { cores: [near(0, 10)], deltas: [near(0, -rng.between(50, 90))] };
    case 'whorl': {
      const gap = rng.between(10, 40);
      return {
        cores: [near(rng.normal(0, 6), gap / 2), near(rng.normal(0, 6), -gap / 2)],
        deltas: [
          near(-rng.between(100, 140), -rng.between(80, 150)),
          near(rng.between(100, 140), -rng.between(80, 150)),
        ],
      };
    }
    case 'double_loop': {
      const gap = rng.between(40, 80);
      const aside = (rng.chance(0.5) ? 1 : -1) * rng.between(10, 35);
      return {
        cores: [near(aside, gap / 2), near(-aside, -gap / 2)],
        deltas: [
          near(-rng.between(100, 140), -rng.between(90, 160)),
          near(rng.between(100, 140), -rng.between(90, 160)),
        ],
      };
    }
  }
}

/** A smooth, random correction of the argument round one singular point (after Vizcaya and Gerhardt 1996). */
function bentArgument(rng: Rng): (angleRad: number) => number {
  const first = rng.normal(0, 0.1);
  const second = rng.normal(0, 0.1);
  const third = rng.normal(0, 0.06);
  return a => a + first * Math.sin(a) + second * Math.sin(2 * a) + third * Math.cos(2 * a);
}

interface Pole {
  readonly at: Offset;
  /** Half the winding of the tangent: 0.5 round a core, -0.5 round a delta. */
  readonly sign: number;
  readonly bend: (angleRad: number) => number;
}

/**
 * What makes the ridges round a core turn back in nested arcs, as loops do, instead of fanning out from it as the bare
 * argument has them: the whole half turn is made on the closed side and none on the open one. Fades away from the core.
 */
function recurve(
  poles: readonly Pole[],
  core: number,
  share: number,
  rng: Rng,
): (x: number, y: number) => number {
  const [coreX, coreY] = poles[core]!.at;
  let others = 0;
  poles.forEach(({ at, sign }, i) => {
    if (i !== core) others += sign * Math.atan2(coreY - at[1], coreX - at[0]);
  });
  // Where the tangent points away from the core, the loop is open: half this angle and the others' share make it up.
  const openRad = 2 * others;
  const strength = share * rng.between(0.55, 0.95);
  const reachPx = rng.between(45, 85);
  return (x, y) => {
    const dx = x - coreX;
    const dy = y - coreY;
    const fade = Math.exp(-(dx * dx + dy * dy) / (reachPx * reachPx));
    return -0.5 * strength * fade * Math.sin(Math.atan2(dy, dx) - openRad);
  };
}

/** Ridge flow of a finger of this class (Sherlock and Monro 1993), on a grid of one node every `step` master pixels. */
export function ridgeFlow(patternClass: PatternClass, rng: Rng, step: number): RidgeFlow {
  const width = MASTER_WIDTH / step;
  const height = MASTER_HEIGHT / step;
  const centreX = MASTER_WIDTH / 2 + rng.normal(0, 12);
  const centreY = MASTER_HEIGHT * 0.44 + rng.normal(0, 18);
  const values = new Float32Array(width * height);
  const singularPoints: SingularPoint[] = [];

  if (patternClass === 'arch') {
    const steepness = rng.between(0.7, 1.5);
    for (let y = 0; y < height; y++) {
      const down = Math.min(1, Math.max(0, (y * step - 0.05 * MASTER_HEIGHT) / (0.95 * MASTER_HEIGHT)));
      const bump = Math.exp(-(((down - 0.55) / 0.33) ** 2));
      for (let x = 0; x < width; x++) {
        const aside = (x * step - centreX) / MASTER_WIDTH;
        values[y * width + x] = Math.atan(steepness * bump * Math.sin(aside * 1.5 * Math.PI));
      }
    }
  } else {
    const { cores, deltas } = singularOffsets(patternClass, rng);
    const poles: Pole[] = [
      ...cores.map(at => ({ at, sign: 0.5, bend: bentArgument(rng) })),
      ...deltas.map(at => ({ at, sign: -0.5, bend: bentArgument(rng) })),
    ];
    const recurves = cores.map((_, i) => recurve(poles, i, patternClass === 'tented_arch' ? 0.3 : 1, rng));
    for (const { at, sign } of poles) {
      singularPoints.push({ x: centreX + at[0], y: centreY - at[1], kind: sign > 0 ? 'core' : 'delta' });
    }
    const tipArching = rng.between(0, 0.8);
    for (let y = 0; y < height; y++) {
      const up = centreY - y * step;
      const towardsTip = Math.min(1, Math.max(0, up / centreY));
      for (let x = 0; x < width; x++) {
        const right = x * step - centreX;
        let theta = -tipArching * towardsTip * 0.9 * Math.atan(right / (0.6 * MASTER_WIDTH));
        for (const { at, sign, bend } of poles) theta += sign * bend(Math.atan2(up - at[1], right - at[0]));
        for (const turn of recurves) theta += turn(right, up);
        values[y * width + x] = -theta;
      }
    }
  }
  // Without these two, loops of one side differ little more than in their minutiae, and impostors look alike.
  const wander = smoothNoise(rng, width, height, 110 / step);
  const wanderRad = rng.between(0.07, 0.16);
  const ripple = smoothNoise(rng, width, height, 55 / step);
  const rippleRad = rng.between(0.03, 0.06);
  for (let i = 0; i < values.length; i++) {
    values[i] = values[i]! + wanderRad * wander[i]! + rippleRad * ripple[i]!;
  }
  return { thetaRad: { width, height, values }, singularPoints };
}
