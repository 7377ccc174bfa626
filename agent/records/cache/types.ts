/** What is kept of the immigration records, and what the keeper of them is asked. */
import type { FingerRecord } from '../../../models/index.ts';
import type { PersonalData } from '../../contract/common.ts';
import type { RecordRequest } from '../../contract/record.ts';
import type { References } from '../../session/visit.ts';

export type Claim = RecordRequest['claim'];

/** One record as it is kept: templates instead of images. */
export interface KeptRecord {
  readonly recordId: string;
  readonly version: number;
  readonly state: 'found' | 'locked';
  /** Milliseconds since 1970 from which on it must not be used; null for as long as the registry keeps it. */
  readonly expiresAtMs: number | null;
  readonly person: PersonalData;
  readonly travelDocumentNumber: string;
  readonly residenceCardNumber: string | null;
  readonly onFile: { readonly face: boolean; readonly finger: boolean };
  readonly references: References;
  /** Its row in the gallery of faces; null without a face. */
  readonly face: Int8Array | null;
}

/** What stays of a record whose time is over, until the registry takes it away: that it was there. */
export interface Expired {
  readonly recordId: string;
  readonly version: number;
  readonly state: 'expired';
}

export type Change =
  | { readonly kind: 'put'; readonly record: KeptRecord }
  | { readonly kind: 'revoke'; readonly recordId: string; readonly version: number };

/** One page of a synchronisation, opened and believed: the registry signed it for this kiosk. */
export interface Page {
  /** Names the registry's log, and keys the hash tree; another one than before means all anew. */
  readonly epoch: Uint8Array;
  /** Version that the changes follow on. */
  readonly from: number;
  /** Version that this kiosk has afterwards. */
  readonly version: number;
  readonly changes: readonly Change[];
  /** Root of the hash tree over all records at `version`, lower-case hex; null while more pages follow. */
  readonly root: string | null;
  /** Until when what is kept may be used, milliseconds since 1970. */
  readonly freshUntilMs: number;
}

/** What a change means for a gallery that is filled already; what is removed comes first. */
export interface Effect {
  readonly put: { readonly ids: Uint32Array; readonly bytes: Int8Array };
  /** Of every record that was put, also of those without prints. */
  readonly fingers: readonly FingerRecord[];
  readonly removed: Uint32Array;
}

/** An effect that only takes away. */
export const removal = (removed: Uint32Array): Effect => ({
  put: { ids: new Uint32Array(0), bytes: new Int8Array(0) },
  fingers: [],
  removed,
});

export interface CacheStatus {
  readonly state: 'ready' | 'wiped';
  /** Counts every commit over the life of this kiosk; an older copy of the file has a lower one. */
  readonly serial: number;
  /** Base64url; null before the first page. */
  readonly epoch: string | null;
  readonly version: number;
  /** Whether all that the registry has for this kiosk was here at one time in this epoch. */
  readonly complete: boolean;
  readonly records: number;
  /** Lower-case hex. */
  readonly root: string;
  readonly freshUntilMs: number;
  /** Of the last page that brought this kiosk up to date, milliseconds since 1970; 0 before. */
  readonly syncedAtMs: number;
  readonly keyGeneration: number;
  /** When the key that seals now was made, milliseconds since 1970. */
  readonly keyMadeAtMs: number;
  /** Records that are still sealed under an older key. */
  readonly toSealAnew: number;
}

/** What is kept of a claim. Null: nothing, which says nothing about the person. */
export type Found =
  | { readonly state: 'found'; readonly record: KeptRecord }
  | { readonly state: 'several' | 'locked' };

/** Faces of the gallery from some row on, some thousand at a time; `last` null when there are no more. */
export interface Faces {
  readonly ids: Uint32Array;
  readonly bytes: Int8Array;
  readonly last: number | null;
}

/** Prints of the gallery of fingers from some row on, some tens of records at a time; `last` null when there are no more. */
export interface Fingers {
  readonly records: readonly FingerRecord[];
  readonly last: number | null;
}

/** A record as the gallery of fingers holds it: the best print of each finger, which come first in what is kept. */
export function fingerRecord(id: number, { fingers }: References): FingerRecord {
  const best = new Map(fingers.toReversed().map(({ position, template }) => [position, template]));
  return { id, templates: [...best.values()] };
}

/** A moment of the status for people; null for 0, which stands for never. */
export const momentOf = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());
