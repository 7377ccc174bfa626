import type { StoreOptions } from './store.ts';
import type { CacheStatus, Claim, Effect, Faces, Fingers, Found, KeptRecord, Page } from './types.ts';

/** What the keeper of the records is asked across threads: what each call takes and what it gives. */
export interface Calls {
  status: { takes: null; gives: CacheStatus };
  apply: { takes: { page: Page; nowMs: number }; gives: Effect };
  find: { takes: { claim: Claim; nowMs: number }; gives: Found | null };
  at: { takes: { row: number; nowMs: number }; gives: KeptRecord | null };
  faces: { takes: { after: number; limit: number }; gives: Faces };
  fingers: { takes: { after: number; limit: number }; gives: Fingers };
  rotate: { takes: { nowMs: number }; gives: null };
  sealAnew: { takes: null; gives: boolean };
  expire: { takes: { nowMs: number }; gives: Uint32Array };
  restart: { takes: null; gives: Uint32Array };
  wipe: { takes: null; gives: null };
  allow: { takes: { nowMs: number }; gives: null };
}
export type CallName = keyof Calls;

export interface WorkerStart {
  readonly options: StoreOptions;
  readonly nowMs: number;
}
