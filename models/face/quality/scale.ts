/** Logistic step from 0 to 1 around `middle`; `width` is the distance over which it goes from 0.50 to 0.73. */
export const sigmoid = (value: number, middle: number, width: number): number =>
  1 / (1 + Math.exp(-(value - middle) / width));

/** To the scale of ISO/IEC 29794-1: a whole number, 0 (worst) .. 100 (best). */
export const toScore = (share: number): number => Math.round(100 * Math.max(0, Math.min(1, share)));

/** 0 at `worst`, 1 at `best` (which may be the smaller), straight between. */
export const ramp = (value: number, worst: number, best: number): number =>
  Math.max(0, Math.min(1, (value - worst) / (best - worst)));
