/** Pages of changes for kiosks that keep records. */
import { type AnswerTools, type KioskRequest, referencesOf, sealAnswer } from './answer.ts';
import type { ChangePage, LoggedChange } from './records.ts';

/** What the registry reads in a request for changes; the JSON Schema has checked all of it before. */
export interface SyncRequest extends KioskRequest {
  readonly have: { readonly epoch: string; readonly version: number } | null;
}

/** How long a kiosk may go on with what it has, milliseconds. */
const FRESH_MS = 24 * 3_600_000;

export function writePage(request: SyncRequest, page: ChangePage, tools: AnswerTools): Promise<Uint8Array> {
  const changes = page.changes.map(changePart);
  const { from, version, root } = page;
  const said = {
    type: 'vantay.sync-answer',
    epoch: Buffer.from(page.epoch).toString('base64url'),
    ...{ from, version, root },
    changes: changes.map(({ manifest }) => manifest),
    freshUntil: new Date(tools.now.getTime() + FRESH_MS).toISOString(),
  };
  return sealAnswer(
    request,
    said,
    changes.flatMap(({ blobs }) => blobs),
    tools,
  );
}

function changePart({ recordId, version, record }: LoggedChange) {
  if (record === null)
    return { manifest: { recordId, version, state: 'revoked', expiresAt: null, record: null }, blobs: [] };
  const { references, blobs } = referencesOf(record, `change-${version}`);
  const { person, travelDocumentNumber, residenceCardNumber, onFile, locked, expiresAt } = record;
  return {
    manifest: {
      ...{ recordId, version, state: locked ? 'locked' : 'found', expiresAt: expiresAt ?? null },
      record: {
        ...{ person, travelDocumentNumber, onFile, references },
        residenceCardNumber: residenceCardNumber ?? null,
      },
    },
    blobs,
  };
}
