import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSbiKeys } from '../sbi/keys.ts';
import { startSbi } from '../sbi/service.ts';
import type { Stage } from './stage.ts';

interface SlapScanner extends AsyncDisposable {
  /** How the agent's configuration names it. */
  readonly settings: { readonly kind: 'sbi'; readonly trustFile: string; readonly serial: string };
}

/** A slap scanner that looks at the stage's hand and sends its glass whole; its service, and who vouches for it. */
export async function startSlapScanner(stage: Stage, folder: string): Promise<SlapScanner> {
  const keys = await makeSbiKeys('L1');
  const trustFile = join(folder, 'scanner-authority.pem');
  await writeFile(
    trustFile,
    [keys.authority, keys.provider].map(({ certificate }) => `${certificate.toString('pem')}\n`).join(''),
  );
  // Of its own: other worlds may have services on the same ports.
  const serial = `SIM${randomBytes(6).toString('hex').toUpperCase()}`;
  const service = await startSbi({
    ...{ keys, level: 'L1', type: 'Finger', serialNo: serial },
    segments: false,
    laid: async () => stage.hand,
  });
  return {
    settings: { kind: 'sbi', trustFile, serial },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
