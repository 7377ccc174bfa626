import { calculateJwkThumbprint, type JWK } from 'jose';
import type { ClearBlob } from '../../backend/sealed/blob.ts';
import type { Signatory } from '../../backend/sealed/chain.ts';
import { SealedError } from '../../backend/sealed/error.ts';
import type { Message, SigningKey } from '../../backend/sealed/jws.ts';
import { type OpenContext, openManifest } from '../../backend/sealed/open.ts';
import type { SchemaCheck } from '../../backend/sealed/schema.ts';
import { sealMessage } from '../../backend/sealed/seal.ts';
import type { Claim, Finding, ImmigrationRecord } from './records.ts';

/** What every request says of itself; the JSON Schema has checked all of it before. */
export interface KioskRequest {
  readonly requestId: string;
  readonly office: string;
  readonly kiosk: string;
  /** Public key the answer is to be sealed to. */
  readonly answerKey: JWK;
}

export interface RecordRequest extends KioskRequest {
  readonly claim: Claim;
}

/** Where a request came from, as the broker and the chunks said. */
export interface Origin {
  readonly office: string;
  readonly kiosk: string;
  readonly id: string;
}

/** Opens a request and checks that it comes from whom it says. @throws SealedError */
export async function readRequest<Request extends KioskRequest>(
  container: Uint8Array,
  context: OpenContext,
  origin: Origin,
): Promise<Request> {
  const { manifest, signatory, sealed } = await openManifest(container, context);
  const request = manifest as unknown as Request;
  requireOrigin(request, signatory, origin);
  if (sealed.length > 0) throw new SealedError('blob_length_mismatch', 'a request has no blobs');
  return request;
}

/** Holds a request to its signature and to the way it came. @throws SealedError */
export function requireOrigin(request: KioskRequest, signatory: Signatory, origin: Origin): void {
  if (signatory.commonName !== request.kiosk || signatory.organizationalUnit !== request.office)
    throw new SealedError('subject_mismatch');
  if (origin.office !== request.office || origin.kiosk !== request.kiosk)
    throw new SealedError('topic_mismatch');
  if (origin.id !== request.requestId) throw new SealedError('id_mismatch');
}

export interface AnswerTools {
  readonly signer: SigningKey;
  readonly schema: SchemaCheck;
  readonly now: Date;
  /** Instead of the request's own key, for faults. */
  readonly recipient?: JWK;
}

/** Seals the answer to one request; the references become its blobs. */
export async function writeAnswer(
  request: RecordRequest,
  finding: Finding,
  tools: AnswerTools,
): Promise<Uint8Array> {
  const record = finding.record === null ? null : recordPart(finding.record);
  const said = { type: 'vantay.record-answer', state: finding.state, record: record?.manifest ?? null };
  return sealAnswer(request, said, record?.blobs ?? [], tools);
}

/** Seals an answer to the key of its request. */
export async function sealAnswer(
  request: KioskRequest,
  said: Message,
  blobs: readonly ClearBlob[],
  tools: AnswerTools,
): Promise<Uint8Array> {
  const manifest: Message = {
    ...said,
    schemaVersion: 1,
    requestId: request.requestId,
    office: request.office,
    kiosk: request.kiosk,
    createdAt: tools.now.toISOString(),
  };
  // Checked with stand-ins for the two fields that only sealing can fill.
  const fault = tools.schema({ ...manifest, contentKey: 'A'.repeat(43), blobs: [] });
  if (fault !== null) throw new Error(`the answer is not as its schema says: ${fault}`);
  const recipient = tools.recipient ?? (await namedKey(request.answerKey));
  const { requestId: id } = request;
  const sealed = await sealMessage({
    id,
    manifest,
    blobs,
    signer: tools.signer,
    recipient,
  });
  return sealed.container;
}

/** The request's key with its RFC 7638 thumbprint as `kid`. */
async function namedKey(key: JWK): Promise<JWK> {
  return { ...key, kid: await calculateJwkThumbprint(key) };
}

function recordPart(record: ImmigrationRecord): { manifest: Record<string, unknown>; blobs: ClearBlob[] } {
  const { references, blobs } = referencesOf(record, 'reference');
  const { recordId, person, onFile } = record;
  return { manifest: { recordId, person, onFile, references }, blobs };
}

/** The references as a manifest names them, and as blobs. @param prefix of the blobs' names */
export function referencesOf(record: ImmigrationRecord, prefix: string) {
  const blobs = record.references.map(
    ({ mediaType, bytes }, index): ClearBlob => ({ name: `${prefix}-${index}`, mediaType, bytes }),
  );
  const references = record.references.map(({ modality, position, ppi }, index) => ({
    modality,
    position,
    blob: `${prefix}-${index}`,
    ppi,
  }));
  return { references, blobs };
}
