import type { ModelCard } from './card.ts';
import type { AnalyseOptions, FaceAnalysis } from './face/index.ts';
import type { FingerExtraction, GrayImage } from './finger/types.ts';

/** How one call may be treated. */
export interface CallOptions {
  /** Takes the call out of the queue, or stops waiting for its answer; the promise rejects with the abort reason. */
  readonly signal?: AbortSignal;
}

export interface FaceCallOptions extends CallOptions, AnalyseOptions {
  /**
   * A frame of a live stream: gives way to every other face call and to a newer live frame, by rejecting with
   * MODEL_BUSY. Dropping frames is the normal course, not a fault. The face is looked for less closely.
   */
  readonly live?: boolean;
}

/** The fingerprint models, in the model process. Errors as {@link Models}. */
export interface FingerService {
  /** See `FingerModels.extract`. */
  extract(image: GrayImage, options?: CallOptions): Promise<FingerExtraction>;
  /** See `FingerModels.extractEncoded`. */
  extractEncoded(bytes: Uint8Array, ppi: number, options?: CallOptions): Promise<FingerExtraction>;
  /** See `FingerModels.match`. */
  match(probe: Uint8Array, references: readonly Uint8Array[], options?: CallOptions): Promise<number[]>;
  /** See `FingerModels.matchMinutiae`. */
  matchMinutiae(
    probe: Uint8Array,
    references: readonly Uint8Array[],
    options?: CallOptions,
  ): Promise<number[]>;
}

/** The face models, in the model process. Errors as {@link Models}. */
export interface FaceService {
  /** See `FaceModels.analyse`. */
  analyse(jpeg: Uint8Array, options?: FaceCallOptions): Promise<FaceAnalysis>;
  /** Cosine of two embeddings, -1..1. See `FaceModels.compare`. */
  compare(a: Float32Array, b: Float32Array, options?: CallOptions): Promise<number>;
}

/**
 * All models, in a child process of their own: a native crash or a hung graph takes nothing else along.
 *
 * Every call rejects with ModelError: MODEL_INPUT (bad input, says so), MODEL_BUSY (two calls of its kind wait already),
 * MODEL_TIMEOUT (the call hung; the process was killed and is being restarted), MODEL_CRASHED (the process died under
 * the call, or cannot be restarted), MODEL_MISSING / MODEL_HASH / MODEL_INVALID (that side's weights did not load).
 */
export interface Models extends AsyncDisposable {
  readonly finger: FingerService;
  readonly face: FaceService;
  /** The card of every loaded graph. */
  readonly cards: readonly ModelCard[];
  /** How the process fares, for health and metrics. */
  readonly health: ModelsHealth;
}

export interface ModelsHealth {
  /** 'restarting' also while the first start failed: it is retried with back-off. */
  readonly state: 'ready' | 'restarting' | 'closed';
  /** Times the process was started anew after a crash or a hung call. */
  readonly restarts: number;
  /** Process id of the running child. */
  readonly pid?: number;
  /** Sides whose weights did not load, with the code: 'finger: MODEL_MISSING'. */
  readonly failures: readonly string[];
}

export interface StartOptions {
  /** Longest time one call may run, in milliseconds, waiting excluded. */
  readonly deadlineMs: number;
  /** Longest time until the graphs are loaded, in milliseconds. Default 60,000. */
  readonly startDeadlineMs?: number;
  /** Profile file of other face networks. Absent: those that come with the agent. */
  readonly faceProfile?: string;
  /** Told of starts, crashes and hung calls; never given biometrics. */
  readonly log?: (event: ModelsEvent) => void;
}

export type ModelsEvent =
  | { readonly event: 'models_ready'; readonly pid: number; readonly tookMs: number }
  | {
      readonly event: 'models_exited';
      readonly pid: number | undefined;
      readonly reason: string;
      readonly restartInMs: number;
    }
  | { readonly event: 'models_hung'; readonly pid: number | undefined; readonly call: string };
