import { ModelError } from '../runtime.ts';
import type { FaceModels } from './types.ts';

/** Loads the face graphs. @throws ModelError */
export const loadFaceModels = (): Promise<FaceModels> =>
  Promise.reject(new ModelError('MODEL_MISSING', 'face weights are not prepared'));
