/** The door of the fingerprint models, for the model process and for evaluation; the agent uses models/index.ts. */
export { type LoadOptions, loadFingerModels } from './load.ts';
export type {
  FingerAdvice,
  FingerExtraction,
  FingerModels,
  FingerQuality,
  FingerQualityComponents,
  GrayImage,
  Minutia,
} from './types.ts';
