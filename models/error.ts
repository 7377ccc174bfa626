/** Stable codes of what can go wrong with a model; each is in the error catalogue. */
export type ModelErrorCode =
  | 'MODEL_MISSING'
  | 'MODEL_HASH'
  | 'MODEL_INVALID'
  | 'MODEL_PROFILE'
  | 'MODEL_INPUT'
  | 'MODEL_TIMEOUT'
  | 'MODEL_BUSY'
  | 'MODEL_CRASHED';

/** A model that cannot do its work. Never stands for a low score: a comparison that failed has no score at all. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;
  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
