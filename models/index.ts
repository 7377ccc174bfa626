/** The door of the models. Importing it loads no native code: graphs run in the process that `startModels` forks. */
import type { EvaluateFingerOptions, FingerEvaluation } from './evaluate/finger.ts';
import type { EvaluateProgress } from './evaluate/finger-pairs.ts';

export { type FmrPoint, type ModelCard, readCard, thresholdAt } from './card.ts';
export { startModels } from './client.ts';
export { ModelError, type ModelErrorCode } from './error.ts';
export type {
  EvaluateFingerOptions,
  FingerEvaluation,
  MeasuredRate,
  SetRates,
} from './evaluate/finger.ts';
export type { EvaluateProgress } from './evaluate/finger-pairs.ts';
export type {
  Face,
  FaceAdvice,
  FaceAnalysis,
  FaceBox,
  FaceQuality,
  FaceQualityComponent,
} from './face/index.ts';
export { evidenceOf } from './finger/evidence.ts';
export {
  type FingerScores,
  type FusedScore,
  fingerRate,
  fmrOf,
  fuseFingers,
  fuseRates,
} from './finger/fuse.ts';
export {
  isMinutiaeRecord,
  MINUTIAE_RECORD_MEDIA_TYPE,
  minutiaeOfRecord,
  minutiaePrintsOf,
  minutiaeRecordOf,
  type PrintDetails,
} from './finger/minutiae-record.ts';
export {
  decodeMinutiaeRecord,
  encodeMinutiaeRecord,
  type MinutiaeRecord,
  type MinutiaeRepresentation,
  type RecordedMinutia,
  type RecordedQuality,
} from './finger/record19794-2.ts';
export { type Arrangement, arrangementOf, type ScoreMatrix } from './finger/sequence.ts';
export { segmentSlap } from './finger/slap.ts';
export type {
  FingerAdvice,
  FingerExtraction,
  FingerQuality,
  FingerQualityComponents,
  GrayImage,
  Minutia,
} from './finger/types.ts';
export { startFaceGallery, startFingerGallery } from './gallery/client.ts';
export { fpirOf, isFpirBound } from './gallery/fpir.ts';
export { galleryRow } from './gallery/quantise.ts';
export type {
  FaceCandidate,
  FaceGallery,
  FaceSearch,
  FingerCandidate,
  FingerGallery,
  FingerGalleryOptions,
  FingerRecord,
  FingerSearch,
  GalleryEvent,
  GalleryOptions,
} from './gallery/types.ts';
export { type LlrMapping, llrOf, llrOfFingers } from './llr.ts';
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
export { anyOf, jointRate } from './rates.ts';
export { memoryReturner } from './spare-memory.ts';

/** See evaluate/finger.ts. Loads the graphs into this process and blocks it: for the command line, never for the agent. */
export const evaluateFinger = async (
  options: EvaluateFingerOptions,
  progress?: (step: EvaluateProgress) => void,
): Promise<FingerEvaluation> => (await import('./evaluate/finger.ts')).evaluateFinger(options, progress);
