import type {
  FingerExceptionReason,
  FingerPosition,
  IdentityDocument,
  IntegratedData,
  Language,
  LockGround,
  Modality,
  PersonalData,
  Purpose,
  Relation,
} from '../contract/common.ts';
import type { Decision, OfficerOverride, PacketManifest, Pad, Quality } from '../contract/packet.ts';
import type { Comfort } from '../contract/screen.ts';
import type { Biometric } from '../ops/biometric.ts';

/** What a document's machine-readable zone said, all check digits right. */
export interface ReadDocument {
  readonly document: IdentityDocument;
  readonly person: PersonalData;
}

/** A finger as taken: the image for the packet, the template for the comparison. */
export interface TakenFinger {
  readonly position: FingerPosition;
  readonly sample: Biometric<{
    readonly image: {
      readonly width: number;
      readonly height: number;
      readonly ppi: number;
      readonly pixels: Uint8Array;
    };
    readonly template: Uint8Array;
  }>;
  readonly quality: Quality;
  readonly attempts: number;
  readonly device: PacketManifest['samples'][number]['device'];
}

/** A portrait as taken: the best frame, and the embeddings of the good frames of the window. */
export interface TakenFace {
  readonly sample: Biometric<{ readonly jpeg: Uint8Array; readonly embeddings: readonly Float32Array[] }>;
  readonly pad: Pad;
  readonly quality: Quality;
  readonly attempts: number;
  readonly device: PacketManifest['samples'][number]['device'];
}

/** What the record holds, as templates: of the registry's images only a portrait is kept, and only for an officer. */
export interface References {
  /** Encoded picture of the record's owner; absent where the record has none, or no officer would look at it. */
  readonly portrait?: Uint8Array;
  /** One embedding a portrait. */
  readonly faces: readonly Float32Array[];
  /** One template a print; a finger may have several. */
  readonly fingers: readonly { readonly position: FingerPosition; readonly template: Uint8Array }[];
}

export type Lookup = {
  /** What this kiosk keeps said so, not the registry itself. */
  readonly kept?: true;
} & Found;

type Found =
  | {
      readonly state: 'found';
      readonly recordId: string;
      readonly onFile: { readonly face: boolean; readonly finger: boolean };
      readonly references: Biometric<References>;
    }
  | { readonly state: 'not_found' | 'several' | 'locked' | 'unavailable' };

export interface FingerException {
  readonly position: FingerPosition;
  readonly reason: FingerExceptionReason;
}

export interface Consent {
  readonly textVersion: string;
  readonly textSha256: string;
  readonly language: Language;
  /** RFC 3339, UTC. */
  readonly givenAt: string;
}

/** Form TK01 as far as it is filled in. */
export interface Form {
  readonly contact: { readonly mobile: string; readonly email: string | null } | null;
  /** Who confirmed in whose name the SIM is registered; null when nobody did. */
  readonly simConfirmedBy: 'applicant' | 'officer' | null;
  readonly integrate: readonly IntegratedData[];
}

/** Who acts for a child or ward. */
export interface Representative extends ReadDocument {
  readonly relation: Relation;
}

/** A visit grows by what each step adds; a state names the type it needs, so nothing can be asked for too early. */
export interface Begun {
  readonly id: string;
  readonly language: Language;
  readonly comfort: Comfort;
  readonly officerCalled: boolean;
  /** The applicant has not touched anything for long: the next time-out ends the visit. */
  readonly warned: boolean;
  readonly purpose: Purpose;
  /** Somebody acts for a child or ward, as they said; the law may add it (age). */
  readonly represented: boolean;
  /** Why the account was locked, where it is to be unlocked. */
  readonly ground: LockGround | null;
  /** Code of an appointment, as read beside the documents; null until one is. */
  readonly appointment: string | null;
}

export interface Identified extends Begun {
  readonly travelDocument: ReadDocument;
  readonly residenceCard: ReadDocument;
  readonly representative: Representative | null;
}

export interface Consented extends Identified {
  readonly consent: Consent;
  readonly form: Form;
  /** Absent until the registry has answered or the wait for it is over. */
  readonly lookup?: Lookup;
}

export interface Fingered extends Consented {
  readonly fingers: readonly TakenFinger[];
  readonly exceptions: readonly FingerException[];
  /** What officers decided otherwise than the machine. */
  readonly overrides: readonly OfficerOverride[];
}

export interface Captured extends Fingered {
  readonly face: TakenFace;
}

/** Another record that the applicant may be the owner of; for an officer's eyes. */
export interface Candidate {
  readonly recordId: string;
  readonly person: PersonalData;
  readonly travelDocumentNumber: string;
  readonly residenceCardNumber: string | null;
  readonly portrait?: Uint8Array;
  /** How often a search for somebody who is not there gives a candidate as good as this one, 0..1 (FPIR). */
  readonly fpir: number;
  readonly face: Decision['face']['outcome'];
  readonly finger: Decision['finger']['outcome'];
}

/** What a search for others than the claimed record found; or that it could not be made where it was due. */
export type Identification = Searched | { readonly state: 'not_searched' };

interface Searched {
  readonly state: 'searched';
  readonly place: 'kiosk' | 'office';
  /** Records that were searched. */
  readonly searched: number;
  /** What was searched with. */
  readonly modalities: readonly Modality[];
  /** FPIR that a candidate has to keep to. */
  readonly fpirAsked: number;
  /** Likeliest first; empty when the applicant is nobody else. */
  readonly candidates: Biometric<readonly Candidate[]>;
}

export interface Compared extends Captured {
  readonly lookup: Lookup;
  readonly decision: Decision;
  /** Absent where no search was due. */
  readonly identification?: Identification;
  /** What the officer made of a case that the machine could not decide; absent while nobody did. */
  readonly verdict?: 'confirmed' | 'forwarded';
}

/** Others that the applicant may be; none where nobody was found or searched for. */
export const candidatesOf = ({ identification }: Compared): readonly Candidate[] =>
  identification?.state === 'searched' ? identification.candidates.reveal() : [];
