import { createHash } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditHead } from '../contract/audit.ts';
import { SCHEMA_VERSION } from '../contract/common.ts';
import type { ExportList } from '../contract/export.ts';
import { canonicalJson } from '../packet/canonical.ts';
import { signJws } from '../packet/jws.ts';
import type { Signer } from '../packet/signer.ts';
import { OutboxError } from './errors.ts';
import type { PacketRow } from './types.ts';

export interface ExportOptions {
  /** Folder to make on the medium. */
  readonly folder: string;
  readonly office: string;
  readonly kiosk: string;
  readonly signer: Signer;
  readonly audit: AuditHead;
  readonly now: Date;
}

export interface Exported {
  readonly packets: number;
  readonly bytes: number;
  /** SHA-256 of `list.jws`. */
  readonly listSha256: string;
}

/**
 * Copies sealed packets to a removable medium, each as it would go over the wire, with a signed list of them. Deletes
 * nothing: that takes the backend's receipt.
 *
 * @throws OutboxError OUTBOX_MEDIUM; whatever the signer throws
 */
export async function exportPackets(
  held: Iterable<{ readonly row: PacketRow; readonly container: Uint8Array }>,
  options: ExportOptions,
): Promise<Exported> {
  const { folder, office, kiosk, signer, audit, now } = options;
  await onMedium(() => mkdir(folder, { recursive: true }));
  const packets: ExportList['packets'] = [];
  for (const { row, container } of held) {
    await onMedium(() => writeDurably(folder, `${row.id}.vsm`, container));
    const { id: packetId, sequence, manifestSha256, bytes } = row;
    packets.push({ packetId, sequence, manifestSha256, containerSha256: sha256(container), bytes });
  }
  const list: ExportList = {
    type: 'vantay.export',
    schemaVersion: SCHEMA_VERSION,
    ...{ office, kiosk, createdAt: now.toISOString(), audit, packets },
  };
  const jws = Buffer.from(await signJws('vantay.export', canonicalJson(list), signer), 'ascii');
  // Last: a folder without a list was not finished.
  await onMedium(() => writeDurably(folder, 'list.jws', jws));
  const bytes = packets.reduce((sum, packet) => sum + packet.bytes, 0);
  return { packets: packets.length, bytes, listSha256: sha256(jws) };
}

/** Whole and on the medium when it resolves, or not there under its name: media are pulled out early. */
async function writeDurably(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const part = join(folder, `${name}.part`);
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, join(folder, name));
  const entry = await open(folder, 'r');
  try {
    await entry.sync();
  } finally {
    await entry.close();
  }
}

async function onMedium<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new OutboxError('OUTBOX_MEDIUM', 'the medium cannot be written', { cause });
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
