import { type BlobEntry, openBlobs } from './sealed/blob.ts';
import type { Signatory } from './sealed/chain.ts';
import { SealedError } from './sealed/error.ts';
import { type OpenContext, openManifest } from './sealed/open.ts';

/** What the backend reads in a manifest; the JSON Schema has checked all of it before. */
export interface PacketManifest {
  readonly packetId: string;
  readonly office: string;
  readonly kiosk: string;
  readonly boot: number;
  readonly sequence: number;
  readonly createdAt: string;
  readonly contentKey: string;
  readonly blobs: readonly BlobEntry[];
  /** Of visits alone, as the decision is: what an agency asks has neither. */
  readonly samples?: readonly {
    readonly image: string;
    readonly modality: string;
    /** Of fingers alone. */
    readonly minutiae?: string | null;
  }[];
  readonly decision?: { readonly outcome: string };
}

/** A packet that is what it says it is. */
export interface JudgedPacket {
  readonly manifest: PacketManifest;
  readonly manifestSha256: string;
  readonly signatory: Signatory;
  /** Clear bytes by name. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** What a kiosk hands in for issuance. */
const SUBMISSIONS = ['vantay.packet', 'vantay.account-request'];

export type JudgeContext = Omit<OpenContext, 'type'>;

/** Where a packet came from, as the broker and the chunks said. */
export interface Origin {
  readonly office: string;
  readonly kiosk: string;
  /** Id in the chunks' headers. */
  readonly id: string;
}

/**
 * Opens a packet and checks everything that can be checked of it alone.
 * @param origin null when it came by hand (a file): then only the packet speaks for itself
 * @throws SealedError with the code of the refusal
 */
export async function judgePacket(
  container: Uint8Array,
  context: JudgeContext,
  origin: Origin | null,
): Promise<JudgedPacket> {
  const opened = await openManifest(container, { ...context, type: SUBMISSIONS });
  const { manifestSha256, signatory } = opened;
  try {
    const manifest = opened.manifest as unknown as PacketManifest;
    checkNames(manifest, signatory, origin);
    const blobs = openBlobs(manifest.packetId, manifest.contentKey, manifest.blobs, opened.sealed);
    const named = (manifest.samples ?? []).flatMap(({ image, minutiae }) =>
      minutiae ? [image, minutiae] : [image],
    );
    if (named.some(name => !blobs.has(name))) throw new SealedError('blob_unknown');
    return { manifest, manifestSha256, signatory, blobs };
  } catch (error) {
    if (error instanceof SealedError) error.manifestSha256 = manifestSha256;
    throw error;
  }
}

function checkNames(manifest: PacketManifest, signatory: Signatory, origin: Origin | null): void {
  if (signatory.commonName !== manifest.kiosk || signatory.organizationalUnit !== manifest.office)
    throw new SealedError('subject_mismatch');
  if (origin === null) return;
  if (origin.kiosk !== manifest.kiosk || origin.office !== manifest.office)
    throw new SealedError('topic_mismatch');
  if (origin.id !== manifest.packetId) throw new SealedError('id_mismatch');
}
