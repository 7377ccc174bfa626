/** What goes between the agent and the process that owns a HID device. Reports carry their number as first byte. */

export type HidRequest =
  | { readonly kind: 'write'; readonly report: Uint8Array }
  | { readonly kind: 'send-feature'; readonly report: Uint8Array }
  | { readonly kind: 'get-feature'; readonly number: number; readonly bytes: number };

export type ToHidHost = HidRequest & { readonly id: number };

export type FromHidHost =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'report'; readonly report: Uint8Array }
  | { readonly kind: 'lost'; readonly text: string }
  | { readonly kind: 'done'; readonly id: number; readonly report: Uint8Array | null }
  | { readonly kind: 'failed'; readonly id: number; readonly text: string };
