import type { ModelCard } from './card.ts';
import type { AnalyseOptions } from './face/index.ts';
import type { FaceService, FingerService, Models, ModelsHealth, StartOptions } from './models.ts';
import { Supervisor } from './supervisor.ts';

/**
 * Forks the model process and resolves once its graphs are loaded.
 * @throws ModelError MODEL_CRASHED when it dies while starting, MODEL_TIMEOUT when it does not get ready
 */
export async function startModels(options: StartOptions): Promise<Models> {
  const models = new ModelProcess(options);
  try {
    await models.start();
    return models;
  } catch (error) {
    await models[Symbol.asyncDispose]();
    throw error;
  }
}

class ModelProcess implements Models {
  readonly finger: FingerService;
  readonly face: FaceService;
  readonly #supervisor: Supervisor;

  constructor({ faceProfile, ...options }: StartOptions) {
    const supervisor = new Supervisor({
      ...options,
      entry: new URL('./host.ts', import.meta.url),
      args: faceProfile === undefined ? [] : [faceProfile],
    });
    this.#supervisor = supervisor;
    this.finger = {
      extract: (image, call) => supervisor.call('finger', 'extract', [image], call),
      extractEncoded: (bytes, ppi, call) => supervisor.call('finger', 'extractEncoded', [bytes, ppi], call),
      match: (probe, references, call) => supervisor.call('finger', 'match', [probe, references], call),
      matchMinutiae: (probe, references, call) =>
        supervisor.call('finger', 'matchMinutiae', [probe, references], call),
    };
    this.face = {
      analyse: (jpeg, { near, passive = false, ...call } = {}) => {
        const options: AnalyseOptions = { live: call.live ?? false, passive, ...(near ? { near } : {}) };
        return supervisor.call('face', 'analyse', [jpeg, options], call);
      },
      compare: (a, b, call) => supervisor.call('face', 'compare', [a, b], call),
    };
  }

  start(): Promise<void> {
    return this.#supervisor.start();
  }

  get cards(): readonly ModelCard[] {
    return this.#supervisor.cards;
  }

  get health(): ModelsHealth {
    return this.#supervisor.health;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#supervisor[Symbol.asyncDispose]();
  }
}
