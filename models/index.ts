/** The door of the models. Importing it loads no native code: graphs run in the process that `startModels` forks. */
export { type FmrPoint, type ModelCard, readCard, thresholdAt } from './card.ts';
export { startModels } from './client.ts';
export { ModelError, type ModelErrorCode } from './error.ts';
export type {
  Face,
  FaceAdvice,
  FaceAnalysis,
  FaceBox,
  FaceQuality,
  FaceQualityComponent,
} from './face/index.ts';
export { type FusedScore, fuseFingers } from './finger/fuse.ts';
export type {
  FingerAdvice,
  FingerExtraction,
  FingerQuality,
  FingerQualityComponents,
  GrayImage,
  Minutia,
} from './finger/types.ts';
export type {
  CallOptions,
  FaceCallOptions,
  FaceService,
  FingerService,
  Models,
  ModelsEvent,
  ModelsHealth,
  StartOptions,
} from './models.ts';
