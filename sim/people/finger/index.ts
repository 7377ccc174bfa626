export { type GrowthKernels, makeGrowthKernels } from './grow.ts';
export { type Impression, makeImpression } from './impression.ts';
export { GENERATOR_VERSION, makeMaster } from './master.ts';
export type { ImpressionOptions, Moisture } from './options.ts';
export { CLASS_SHARES } from './orientation.ts';
export { seedOf } from './rng.ts';
export type { GrayImage, Master, PatternClass } from './types.ts';
