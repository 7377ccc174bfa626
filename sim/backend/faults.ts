/** What a simulated backend does wrong, one thing at a time. */
export type BackendFault =
  /** Takes packets and says nothing. */
  | { readonly kind: 'silent' }
  /** Says nothing about a packet the first time it comes. */
  | { readonly kind: 'drop-first-receipts' }
  /** Says everything twice. */
  | { readonly kind: 'duplicate-receipts' }
  /** Signs with a key that its certificate does not speak for. */
  | { readonly kind: 'forged-receipts' }
  /** Loses these chunks of every packet the first time and asks for them again. */
  | { readonly kind: 'lose-chunks'; readonly chunks: readonly number[] }
  /** Judges a good packet as told; nothing is kept. */
  | { readonly kind: 'answer'; readonly state: 'rejected' | 'recapture'; readonly code: string }
  /** Dies just before or just after the packet is committed, before any receipt. */
  | { readonly kind: 'kill'; readonly at: 'before-commit' | 'after-commit' };
