/** What a record server is asked and what it says, on its own codec of the wire. */
import { type BlobEntry, type ClearBlob, openBlobs } from '../../backend/sealed/blob.ts';
import { SealedError } from '../../backend/sealed/error.ts';
import { type OpenContext, openManifest } from '../../backend/sealed/open.ts';
import {
  type AnswerTools,
  type KioskRequest,
  type Origin,
  requireOrigin,
  sealAnswer,
} from '../registry/answer.ts';
import type { OfficeCandidate, OfficeProbe } from './records.ts';

interface IdentifyRequest extends KioskRequest {
  readonly face: string | null;
  readonly fingers: readonly { readonly position: string; readonly blob: string }[];
  readonly models: readonly { readonly sha256: string }[];
  readonly wanted: number;
  readonly contentKey: string;
  readonly blobs: readonly BlobEntry[];
}

export interface Question {
  readonly request: IdentifyRequest;
  readonly probe: OfficeProbe;
}

const VALUE_BYTES = 4;

/** Opens a request and checks that it comes from whom it says. @throws SealedError */
export async function readQuestion(
  container: Uint8Array,
  context: OpenContext,
  origin: Origin,
): Promise<Question> {
  const { manifest, signatory, sealed } = await openManifest(container, context);
  const request = manifest as unknown as IdentifyRequest;
  requireOrigin(request, signatory, origin);
  const blobs = openBlobs(request.requestId, request.contentKey, request.blobs, sealed);
  const blob = (name: string): Uint8Array => {
    const bytes = blobs.get(name);
    if (!bytes) throw new SealedError('manifest_malformed', 'a blob that is not there');
    return bytes;
  };
  const face = request.face === null ? null : embeddingOf(blob(request.face));
  return { request, probe: { face, fingers: request.fingers.map(({ blob: name }) => blob(name)) } };
}

/** @param found null where the templates are of other models */
export function writeFindings(
  request: KioskRequest,
  found: {
    readonly size: number;
    readonly modalities: readonly string[];
    readonly candidates: readonly OfficeCandidate[];
  } | null,
  tools: AnswerTools,
): Promise<Uint8Array> {
  const parts = (found?.candidates ?? []).map((candidate, index) => candidatePart(candidate, index));
  const said = {
    type: 'vantay.identify-answer',
    state: found ? 'searched' : 'other_models',
    searched: found?.size ?? 0,
    modalities: found?.modalities ?? [],
    candidates: parts.map(({ candidate }) => candidate),
  };
  return sealAnswer(
    request,
    said,
    parts.flatMap(({ blobs }) => blobs),
    tools,
  );
}

function candidatePart({ record, ...scores }: OfficeCandidate, index: number) {
  const { faces, fingers, portrait, ...known } = record;
  const prefix = `candidate-${index}`;
  const templates = [
    ...faces.map((embedding, at) => ({
      reference: { modality: 'face', position: null, blob: `${prefix}-face-${at}` },
      mediaType: 'application/vnd.vantay.embedding',
      bytes: embeddingBytes(embedding),
    })),
    ...fingers.map(({ position, template }, at) => ({
      reference: { modality: 'finger', position, blob: `${prefix}-finger-${at}` },
      mediaType: 'application/vnd.vantay.finger-template',
      bytes: template,
    })),
  ];
  const blobs = templates.map(
    ({ reference, mediaType, bytes }): ClearBlob => ({ name: reference.blob, mediaType, bytes }),
  );
  const name = `${prefix}-portrait`;
  if (portrait) blobs.push({ name, mediaType: 'image/jpeg', bytes: portrait });
  const references = templates.map(({ reference }) => reference);
  return { candidate: { ...known, scores, references, portrait: portrait ? name : null }, blobs };
}

/** @throws SealedError `manifest_malformed` */
function embeddingOf(bytes: Uint8Array): Float32Array {
  if (bytes.length === 0 || bytes.length % VALUE_BYTES !== 0)
    throw new SealedError('manifest_malformed', 'no embedding');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / VALUE_BYTES }, (_, at) =>
    view.getFloat32(at * VALUE_BYTES, true),
  );
}

function embeddingBytes(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(values.length * VALUE_BYTES);
  values.forEach((value, at) => {
    bytes.writeFloatLE(value, at * VALUE_BYTES);
  });
  return bytes;
}
