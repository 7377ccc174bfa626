export { loadFaceModels } from './load.ts';
export type {
  Face,
  FaceAdvice,
  FaceAnalysis,
  FaceBox,
  FaceModels,
  FaceQuality,
  FaceQualityComponent,
} from './types.ts';
