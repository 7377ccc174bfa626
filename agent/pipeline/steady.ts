import { setTimeout as sleep } from 'node:timers/promises';
import { ModelError, type ModelErrorCode } from '../../models/index.ts';

/** Faults of the model process that the next try may not meet: it restarts by itself. */
const PASSING: readonly ModelErrorCode[] = ['MODEL_BUSY', 'MODEL_CRASHED', 'MODEL_TIMEOUT'];
const TRIES = 4;
/** Between tries, in milliseconds: a restarted model process is ready in about a second. */
const PAUSE_MS = 500;

/**
 * Does work on the models, again if their process was busy or died under it: a fault of ours must not become a failed
 * capture of theirs.
 * @throws ModelError of the last try; at once what another try cannot mend; the abort reason
 */
export async function steadily<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ModelError) || !PASSING.includes(error.code) || tried >= TRIES) throw error;
    }
    await sleep(PAUSE_MS, undefined, { signal });
  }
}
