import type { ModelCard } from './card.ts';
import type { ModelErrorCode } from './error.ts';

/** A half of the model process, or the gallery's: its queue, its weights and its failures are its own. */
export type Side = 'finger' | 'face' | 'gallery';

/** What the parent asks. Arguments travel by structured clone, so typed arrays stay typed arrays. */
export interface CallMessage {
  readonly id: number;
  readonly side: Side;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface Failure {
  readonly side: Side;
  readonly code: ModelErrorCode;
  readonly message: string;
}

/** What the child says: once that it is ready, then one answer a call. */
export type HostMessage =
  | { readonly kind: 'ready'; readonly cards: readonly ModelCard[]; readonly failures: readonly Failure[] }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly code: ModelErrorCode; readonly message: string };
