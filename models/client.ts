import { ModelError } from './error.ts';
import type { Models, StartOptions } from './models.ts';

/** Starts the model process and resolves once its graphs are loaded. */
export const startModels = (_options: StartOptions): Promise<Models> =>
  Promise.reject(new ModelError('MODEL_MISSING', 'the model process is not built yet'));
