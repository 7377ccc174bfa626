export { loadFaceModels } from './load.ts';
export type {
  AnalyseOptions,
  Face,
  FaceAdvice,
  FaceAnalysis,
  FaceBox,
  FaceModels,
  FaceQuality,
  FaceQualityComponent,
} from './types.ts';
