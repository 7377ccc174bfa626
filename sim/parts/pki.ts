import { parseArgs } from 'node:util';
import { makePki, type PkiFault } from '../pki/make.ts';
import { required } from './process.ts';

const USAGE =
  '--folder DIR --office NAME --kiosk NAME [--fault expired|foreign-root|wrong-subject|foreign-office]';

/** Makes or completes a trust set and prints where it stands, as JSON. */
export async function pkiPart(argv: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { folder: text, office: text, kiosk: text, fault: text },
  });
  const fault = values.fault as PkiFault | undefined;
  const names = {
    office: required(values.office, `office (${USAGE})`),
    kiosk: required(values.kiosk, 'kiosk'),
  };
  const paths = await makePki(required(values.folder, 'folder'), {
    ...names,
    ...(fault !== undefined && { fault }),
  });
  console.log(JSON.stringify(paths));
}

if (import.meta.main) await pkiPart(process.argv.slice(2));
