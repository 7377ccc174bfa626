import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makePki, type PkiFault } from '../pki/make.ts';
import { signRequest } from '../pki/sign-request.ts';
import { required } from './process.ts';

const USAGE =
  '--folder DIR --office NAME --kiosk NAME [--fault expired|foreign-root|wrong-subject|foreign-office] [--sign REQUEST [--days N]]';

/** Makes or completes a trust set and prints where it stands, as JSON; with `--sign` the chain for a request, as PEM. */
export async function pkiPart(argv: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { folder: text, office: text, kiosk: text, fault: text, sign: text, days: text },
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
  if (values.sign === undefined) return console.log(JSON.stringify(paths));
  const terms = { office: names.office, ...(values.days !== undefined && { days: Number(values.days) }) };
  process.stdout.write(await signRequest(paths.folder, readFileSync(values.sign, 'utf8'), terms));
}

if (import.meta.main) await pkiPart(process.argv.slice(2));
