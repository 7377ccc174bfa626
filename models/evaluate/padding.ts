/** People that nobody is, to fill a gallery: what they are made of is said in {@link facesLike} and {@link printsLike}. */
import { decodeTemplate, encodeTemplate, type FingerTemplate } from '../finger/template.ts';

/** A seeded source of numbers, 0..1 (Park and Miller, 1988): the same padding for the same evaluation. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/**
 * Embeddings with the mean and the covariance of those given, normally distributed: a sum of all of them with random weights.
 * They crowd where real faces do, but two of them are never as alike as a person and their double.
 */
export function* facesLike(
  embeddings: readonly Float32Array[],
  count: number,
  random: () => number,
): Generator<Float32Array> {
  const length = embeddings[0]?.length ?? 0;
  const units = embeddings.map(unit);
  const mean = new Float32Array(length);
  for (const one of units) for (let at = 0; at < length; at++) mean[at]! += one[at]! / units.length;
  const centred = units.map(one => one.map((value, at) => value - mean[at]!));
  const scale = 1 / Math.sqrt(Math.max(1, units.length - 1));
  for (let made = 0; made < count; made++) {
    const face = mean.slice();
    for (const one of centred) {
      const weight = normal(random) * scale;
      for (let at = 0; at < length; at++) face[at]! += weight * one[at]!;
    }
    yield face;
  }
}

/**
 * Prints each put together of two of those given, cut along a line through their middles and turned at random: around each
 * minutia lies what lies there in a real print, and no whole is a real one's.
 */
export function* printsLike(
  templates: readonly Uint8Array[],
  count: number,
  random: () => number,
): Generator<Uint8Array> {
  const prints = templates.map(template => decodeTemplate(template)).filter(isFull);
  if (prints.length < 2) return;
  const pick = () => prints[Math.floor(random() * prints.length)]!;
  for (let made = 0; made < count; made++) {
    const one = pick();
    let other = pick();
    while (other === one) other = pick();
    yield encodeTemplate(turned(joined(one, other, 2 * Math.PI * random()), 2 * Math.PI * random()));
  }
}

const isFull = ({ minutiae }: FingerTemplate): boolean => minutiae.length >= 16;
/** As the extraction graph gives at most. */
const MAX_MINUTIAE = 64;

function unit(embedding: Float32Array): Float32Array {
  const norm = Math.hypot(...embedding);
  return embedding.map(value => value / norm);
}

/** The minutiae of `one` on one side of a line through the middle of the image, those of `other` on the other. */
function joined(one: FingerTemplate, other: FingerTemplate, angleRad: number): FingerTemplate {
  const halves = [one, other].flatMap((print, side) =>
    print.minutiae.flatMap((minutia, at) => {
      const [dx, dy] = [minutia.x - print.width / 2, minutia.y - print.height / 2];
      const within = dx * Math.cos(angleRad) + dy * Math.sin(angleRad) > 0;
      if (within !== (side === 0)) return [];
      const placed = { ...minutia, x: dx + one.width / 2, y: dy + one.height / 2 };
      return [{ minutia: placed, descriptor: print.descriptors.subarray(at * 64, at * 64 + 64) }];
    }),
  );
  const kept = halves.sort((a, b) => b.minutia.confidence - a.minutia.confidence).slice(0, MAX_MINUTIAE);
  const descriptors = new Int8Array(kept.length * 64);
  kept.forEach(({ descriptor }, at) => {
    descriptors.set(descriptor, at * 64);
  });
  return { ...one, minutiae: kept.map(({ minutia }) => minutia), descriptors };
}

function turned(print: FingerTemplate, angleRad: number): FingerTemplate {
  const side = Math.ceil(Math.hypot(print.width, print.height)) * 2;
  const [cos, sin] = [Math.cos(angleRad), Math.sin(angleRad)];
  const minutiae = print.minutiae.map(minutia => {
    const [dx, dy] = [minutia.x - print.width / 2, minutia.y - print.height / 2];
    return {
      ...minutia,
      x: side / 2 + dx * cos - dy * sin,
      y: side / 2 + dx * sin + dy * cos,
      directionRad: minutia.directionRad + angleRad,
    };
  });
  return { ...print, width: side, height: side, minutiae };
}
