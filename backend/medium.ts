import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Intake, type KioskAddress, wordsOf } from './intake.ts';
import { SealedError } from './sealed/error.ts';
import { verifyMessage } from './sealed/jws.ts';
import { contractSchema } from './sealed/schemas.ts';

/** What was found on a medium. */
export interface MediumReport extends KioskAddress {
  /** Packets that the backend has now. */
  readonly accepted: number;
  /** Of these, how many it had before. */
  readonly repeated: number;
  /** Packets that were refused, with the code that their receipt says. */
  readonly refused: readonly { readonly packetId: string; readonly code: string }[];
  /** Files of the signed list that are missing, or are not what it says: no receipt, so the kiosk keeps them. */
  readonly damaged: readonly string[];
  /** Files that the list does not name; nothing was done with them. */
  readonly unlisted: readonly string[];
}

interface ListedPacket {
  readonly packetId: string;
  readonly containerSha256: string;
}

/** File that takes the receipts back to the kiosk, one compact JWS a line. */
const RECEIPTS = 'receipts.jws';

/**
 * Takes the packets that a kiosk exported to a folder, judges each as if it had come over the wire, and lays the receipts
 * beside them.
 *
 * @throws SealedError when the list is not genuine: then nothing was taken
 */
export async function takeMedium(folder: string, intake: Intake): Promise<MediumReport> {
  const { address, packets } = await readList(folder, intake);
  const receipts: string[] = [];
  const refused: { packetId: string; code: string }[] = [];
  const damaged: string[] = [];
  let [accepted, repeated] = [0, 0];
  for (const { packetId, containerSha256 } of packets) {
    const path = join(folder, `${packetId}.vsm`);
    const container = existsSync(path) ? new Uint8Array(readFileSync(path)) : null;
    if (container === null || createHash('sha256').update(container).digest('hex') !== containerSha256) {
      damaged.push(`${packetId}.vsm`);
      continue;
    }
    const verdict = await intake.container(address, packetId, container);
    if (verdict.kind === 'refused') refused.push({ packetId, code: verdict.code });
    if (verdict.kind === 'accepted') {
      accepted += 1;
      if (verdict.repeated) repeated += 1;
    }
    for (const word of wordsOf(address, verdict)) receipts.push(await intake.receipt(word));
  }
  writeDurably(join(folder, RECEIPTS), `${receipts.join('\n')}\n`);
  const listed = new Set(packets.map(({ packetId }) => `${packetId}.vsm`));
  const unlisted = readdirSync(folder).filter(name => name.endsWith('.vsm') && !listed.has(name));
  return { ...address, accepted, repeated, refused, damaged, unlisted };
}

async function readList(
  folder: string,
  intake: Intake,
): Promise<{ address: KioskAddress; packets: readonly ListedPacket[] }> {
  const { trust, at } = intake.context();
  const jws = readFileSync(join(folder, 'list.jws'), 'latin1').trim();
  const { message, signatory } = await verifyMessage(jws, 'vantay.export', trust, at);
  const fault = contractSchema('export')(message);
  if (fault !== null) throw new SealedError('schema_invalid', fault);
  const list = message as unknown as KioskAddress & { packets: readonly ListedPacket[] };
  const { office, kiosk, packets } = list;
  if (signatory.commonName !== kiosk || signatory.organizationalUnit !== office)
    throw new SealedError('subject_mismatch');
  return { address: { office, kiosk }, packets };
}

function writeDurably(path: string, text: string): void {
  const file = openSync(`${path}.part`, 'w');
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.part`, path);
}
