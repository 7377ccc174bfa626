import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  CLASS_SHARES,
  type GrayImage,
  type ImpressionOptions,
  type Master,
  makeGrowthKernels,
  makeImpression,
  makeMaster,
  type PatternClass,
} from '../../sim/people/finger/index.ts';
import { drawPatternClass } from '../../sim/people/finger/orientation.ts';
import { createRng } from '../../sim/people/finger/rng.ts';

const kernels = makeGrowthKernels();
const CLASSES = Object.keys(CLASS_SHARES) as PatternClass[];
const MASTERS = CLASSES.map((patternClass, i) => makeMaster(1000 + i, patternClass, kernels));
const frame = (seed: number, more: Partial<ImpressionOptions> = {}): ImpressionOptions => ({
  seed,
  width: 256,
  height: 288,
  greyLevels: 16,
  ...more,
});

const sha256 = (bytes: Uint8Array | Int8Array): string =>
  createHash('sha256')
    .update(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
    .digest('hex');
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/**
 * Ridge period along a line of samples, by the first peak of its autocorrelation; undefined where it has none in 5..16 px.
 */
function periodOf(samples: readonly number[]): number | undefined {
  const middle = mean(samples);
  const wave = samples.map(value => value - middle);
  const correlation = (lag: number): number => {
    let sum = 0;
    for (let i = 0; i + lag < wave.length; i++) sum += wave[i]! * wave[i + lag]!;
    return sum / (wave.length - lag);
  };
  for (let lag = 5; lag <= 16; lag++) {
    const [before, here, after] = [correlation(lag - 1), correlation(lag), correlation(lag + 1)];
    if (here > before && here >= after && here > 0.3 * correlation(0)) {
      return lag + (0.5 * (before - after)) / (before - 2 * here + after);
    }
  }
  return undefined;
}

/** Median period of a master, measured across the ridges as the picture's own gradients give them. */
function medianPeriod({ ridges, width, height }: Master): number {
  const periods: number[] = [];
  for (let cy = 120; cy < height - 120; cy += 23) {
    for (let cx = 100; cx < width - 100; cx += 23) {
      let [xx, yy, xy] = [0, 0, 0];
      for (let y = cy - 8; y <= cy + 8; y++) {
        for (let x = cx - 8; x <= cx + 8; x++) {
          const gx = ridges[y * width + x + 1]! - ridges[y * width + x - 1]!;
          const gy = ridges[(y + 1) * width + x]! - ridges[(y - 1) * width + x]!;
          xx += gx * gx;
          yy += gy * gy;
          xy += gx * gy;
        }
      }
      const across = 0.5 * Math.atan2(2 * xy, xx - yy);
      const line = Array.from({ length: 61 }, (_, i) => {
        const x = Math.round(cx + (i - 30) * Math.cos(across));
        const y = Math.round(cy + (i - 30) * Math.sin(across));
        return ridges[y * width + x]!;
      });
      const period = periodOf(line);
      if (period) periods.push(period);
    }
  }
  return periods.sort((a, b) => a - b)[Math.floor(periods.length / 2)]!;
}

interface SkeletonPoint {
  readonly x: number;
  readonly y: number;
  readonly type: 'ending' | 'bifurcation';
}

/** Where a ridge picture's skeleton (Zhang and Suen 1984) ends or divides, by its crossing number. */
function skeletonMinutiae(ridge: Uint8Array, width: number, height: number): SkeletonPoint[] {
  const around = [-width, -width + 1, 1, width + 1, width, width - 1, -1, -width - 1];
  const rises = (at: number): number => {
    let count = 0;
    for (let n = 0; n < 8; n++) if (!ridge[at + around[n]!] && ridge[at + around[(n + 1) % 8]!]) count++;
    return count;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const [a, b] of [
      [
        [0, 2, 4],
        [2, 4, 6],
      ],
      [
        [0, 2, 6],
        [0, 4, 6],
      ],
    ] as const) {
      const gone: number[] = [];
      for (let y = 1; y < height - 1; y++) {
        for (let x = 1; x < width - 1; x++) {
          const at = y * width + x;
          if (!ridge[at]) continue;
          const neighbours = around.reduce((sum, step) => sum + ridge[at + step]!, 0);
          if (neighbours < 2 || neighbours > 6 || rises(at) !== 1) continue;
          const allOf = (sides: readonly number[]): boolean => sides.every(n => ridge[at + around[n]!]);
          if (!allOf(a) && !allOf(b)) gone.push(at);
        }
      }
      for (const at of gone) ridge[at] = 0;
      changed ||= gone.length > 0;
    }
  }
  const points: SkeletonPoint[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      if (!ridge[at]) continue;
      const branches = rises(at);
      if (branches === 1) points.push({ x, y, type: 'ending' });
      else if (branches >= 3) points.push({ x, y, type: 'bifurcation' });
    }
  }
  return points;
}

const near = <P extends { x: number; y: number }>(
  points: readonly P[],
  x: number,
  y: number,
  px: number,
): P[] => points.filter(point => Math.hypot(point.x - x, point.y - y) < px);

/** How much darker a pixel is than the 15 x 15 pixels round it. */
function localInk({ pixels, width, height }: GrayImage, x: number, y: number): number {
  let [sum, count] = [0, 0];
  for (let dy = Math.max(0, y - 7); dy <= Math.min(height - 1, y + 7); dy++) {
    for (let dx = Math.max(0, x - 7); dx <= Math.min(width - 1, x + 7); dx++, count++)
      sum += pixels[dy * width + dx]!;
  }
  return sum / count - pixels[y * width + x]!;
}

const contactMean = ({ pixels, width, height }: GrayImage): number => {
  const inner: number[] = [];
  for (let y = height / 4; y < (3 * height) / 4; y++) {
    for (let x = width / 4; x < (3 * width) / 4; x++) inner.push(pixels[y * width + x]!);
  }
  return mean(inner);
};

describe('synthetic fingers', () => {
  it('are a function of their seed', () => {
    const again = makeMaster(1004, 'whorl', kernels);
    expect(again).toEqual(MASTERS[4]);
    // A change here changes every simulated person: raise GENERATOR_VERSION with it.
    expect(sha256(again.ridges)).toBe('d1026a29fe9441ff69b9ff947d83a15d9e14da2652f3ad6b6cd84be7c95371a8');
    expect(sha256(makeImpression(again, frame(3)).image.pixels)).toBe(
      '0be456037bf8037ce2d4e32332830726c6efbaa0976ad988a95580dfc00af656',
    );
  });

  it('differ between seeds', () => {
    const [a, b] = [MASTERS[2]!, makeMaster(2, 'left_loop', kernels)];
    let product = 0;
    let squares = 0;
    for (let i = 0; i < a.ridges.length; i++) {
      if (Math.abs(a.ridges[i]!) === 127) continue;
      product += a.ridges[i]! * b.ridges[i]!;
      squares += a.ridges[i]! ** 2;
    }
    expect(Math.abs(product / squares)).toBeLessThan(0.2);
  });

  it('have the pattern classes in their natural shares', () => {
    const counts = new Map<PatternClass, number>();
    for (let seed = 0; seed < 4000; seed++) {
      const drawn = drawPatternClass(createRng('shares', seed));
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    for (const name of CLASSES) expect((counts.get(name) ?? 0) / 4000).toBeCloseTo(CLASS_SHARES[name], 1);
  });

  it('have the singular points of their class', () => {
    const counts = MASTERS.map(master => master.singularPoints.filter(point => point.kind === 'core').length);
    expect(Object.fromEntries(CLASSES.map((name, i) => [name, counts[i]]))).toEqual({
      arch: 0,
      tented_arch: 1,
      left_loop: 1,
      right_loop: 1,
      whorl: 2,
      double_loop: 2,
    });
    for (const { singularPoints } of MASTERS) {
      expect(singularPoints.filter(point => point.kind === 'delta')).toHaveLength(singularPoints.length / 2);
    }
  });

  it('have ridges as far apart as fingers have: 7.4 to 11.5 px at 500 ppi, a little more or less in places', () => {
    for (const master of MASTERS) {
      const period = medianPeriod(master);
      expect(period).toBeGreaterThan(7);
      expect(period).toBeLessThan(12);
    }
  });

  it('have as many minutiae as fingers have', () => {
    for (const { minutiae } of MASTERS) {
      // 500 mm2 of skin at the 0.1 to 0.35 a mm2 that full prints show.
      expect(minutiae.length).toBeGreaterThan(45);
      expect(minutiae.length).toBeLessThan(175);
      const endings = minutiae.filter(minutia => minutia.type === 'ending').length / minutiae.length;
      expect(endings).toBeGreaterThan(0.3);
      expect(endings).toBeLessThan(0.7);
    }
  });

  it('have a minutia wherever the skeleton of their ridges ends or divides, and only there', () => {
    let [found, wanted, explained, seen] = [0, 0, 0, 0];
    for (const { minutiae, ridges, width, height } of MASTERS.slice(2, 4)) {
      const points = skeletonMinutiae(
        Uint8Array.from(ridges, value => (value > 0 ? 1 : 0)),
        width,
        height,
      );
      const inner = ({ x, y }: { x: number; y: number }): boolean =>
        Math.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2)) < 0.9;
      const wantedHere = minutiae.filter(minutia => minutia.reliable && inner(minutia));
      wanted += wantedHere.length;
      found += wantedHere.filter(({ x, y }) => near(points, x, y, 6).length > 0).length;
      const seenHere = points.filter(inner);
      seen += seenHere.length;
      explained += seenHere.filter(({ x, y }) => near(minutiae, x, y, 8).length > 0).length;
    }
    expect(wanted).toBeGreaterThan(100);
    expect(found / wanted).toBeGreaterThan(0.95);
    expect(explained / seen).toBeGreaterThan(0.85);
  });
});

describe('impressions', () => {
  const master = MASTERS[2]!;

  it('differ from one another and repeat by seed', () => {
    const images = Array.from({ length: 6 }, (_, seed) => makeImpression(master, frame(seed)).image.pixels);
    expect(new Set(images.map(sha256)).size).toBe(6);
    expect(makeImpression(master, frame(4)).image.pixels).toEqual(images[4]);
  });

  it('show the grey levels of the sensor, ridges dark on a light ground', () => {
    for (let seed = 0; seed < 4; seed++) {
      const { image } = makeImpression(MASTERS[seed]!, frame(seed, { pressure: 0.3 }));
      expect(image).toMatchObject({ width: 256, height: 288, ppi: 500 });
      expect([...new Set(image.pixels)].every(value => value % 17 === 0)).toBe(true);
      expect(new Set(image.pixels).size).toBeGreaterThan(5);
      expect(mean(image.pixels.subarray(0, 20))).toBeGreaterThan(contactMean(image) + 30);
    }
    expect(new Set(makeImpression(master, frame(1, { greyLevels: 256 })).image.pixels).size).toBeGreaterThan(
      60,
    );
  });

  it('are darker the wetter the finger', () => {
    for (let seed = 0; seed < 4; seed++) {
      const [dry, normal, wet] = (['dry', 'normal', 'wet'] as const).map(moisture =>
        contactMean(makeImpression(MASTERS[seed]!, frame(seed, { moisture })).image),
      );
      expect(wet).toBeLessThan(normal! - 35);
      expect(dry).toBeGreaterThan(normal! + 20);
    }
  });

  it('cover less of the sensor when partial', () => {
    const dark = (image: GrayImage): number => image.pixels.filter(value => value < 128).length;
    const whole = makeImpression(master, frame(2));
    const part = makeImpression(master, frame(2, { partial: 0.5 }));
    expect(dark(part.image)).toBeLessThan(0.7 * dark(whole.image));
    expect(part.minutiae.length).toBeLessThan(whole.minutiae.length);
  });

  it('carry each minutia along: the skeleton of the picture ends or divides there, the ridge lying ahead', () => {
    let [found, wanted, ahead, typed] = [0, 0, 0, 0];
    for (const [seed, finger] of MASTERS.slice(0, 4).entries()) {
      const options = frame(seed, { difficulty: 0, moisture: 'normal', greyLevels: 256, rotationRad: 0.3 });
      const { image, minutiae } = makeImpression({ ...finger, creases: [] }, options);
      const { width, height } = image;
      const dark = (x: number, y: number): boolean => localInk(image, x, y) > 0;
      const ridge = Uint8Array.from(image.pixels, (_, i) => (dark(i % width, Math.floor(i / width)) ? 1 : 0));
      const points = skeletonMinutiae(ridge, width, height);
      for (const { x, y, directionRad, type, reliable } of minutiae) {
        if (!reliable || x < 20 || y < 20 || x > width - 20 || y > height - 20) continue;
        wanted++;
        if (near(points, x, y, 7).length > 0) found++;
        if (near(minutiae, x, y, 14).length > 1) continue;
        typed++;
        const onRidge = dark(
          Math.round(x + 7 * Math.cos(directionRad)),
          Math.round(y + 7 * Math.sin(directionRad)),
        );
        if (onRidge === (type === 'ending')) ahead++;
      }
    }
    expect(wanted).toBeGreaterThan(100);
    expect(found / wanted).toBeGreaterThan(0.9);
    expect(ahead / typed).toBeGreaterThan(0.8);
  });

  it('scale with the resolution and refuse what no sensor is', () => {
    const half = makeImpression(master, { seed: 1, width: 128, height: 144, ppi: 250 });
    expect(half.image).toMatchObject({ width: 128, height: 144, ppi: 250 });
    for (const wrong of [
      { width: 8 },
      { ppi: 50 },
      { greyLevels: 1 },
      { partial: 2 },
      { moisture: 3 },
      { pressure: Number.NaN },
    ]) {
      expect(() => makeImpression(master, frame(1, wrong))).toThrow(RangeError);
    }
  });
});
