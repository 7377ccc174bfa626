/** Deviation of the camera's luminance noise, of 255: a small sensor in office light. */
const NOISE_DEVIATION = 1.6;

/**
 * Uniform numbers in [0, 1) that depend on an integer alone (mulberry32): neighbouring integers give unrelated numbers.
 */
export function hash(seed: number): () => number {
  let state = Math.imul(seed | 0, 0x9e3779b1) ^ 0x5bd1e995;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Table of Gaussian noise in whole steps of 255, mean 0; its length is a power of two. Drawing each pixel's own would cost the frame's time. */
export const gaussianNoise: Int8Array = (() => {
  const random = hash(1);
  return Int8Array.from({ length: 1 << 16 }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return Math.round(NOISE_DEVIATION * radius * Math.cos(2 * Math.PI * random()));
  });
})();
