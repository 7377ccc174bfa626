import { parseArgs } from 'node:util';
import { Intake } from './intake.ts';
import { takeMedium } from './medium.ts';
import { SealedError } from './sealed/error.ts';
import { loadServiceKeys } from './sealed/keys.ts';
import { PacketStore } from './store.ts';

const USAGE =
  'import.ts --folder DIR --store FILE --root root.pem --key encryption.jwk [--key ...] --signing-chain FILE --signing-key FILE';

/** Takes an exported folder into a backend's store and leaves `receipts.jws` in it for the kiosk. */
async function main(): Promise<number> {
  const file = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{ folder: file, store: file, root: file, 'signing-chain': file, 'signing-key': file },
      key: { type: 'string', multiple: true },
    },
  });
  const { folder, store: path, root, key: encryption, 'signing-chain': chain, 'signing-key': key } = values;
  if (!folder || !path || !root || !encryption || !chain || !key) {
    console.error(USAGE);
    return 2;
  }
  using store = new PacketStore(path);
  const keys = loadServiceKeys({ root, signing: { chain, key }, encryption });
  try {
    const report = await takeMedium(folder, new Intake({ keys, store }));
    console.log(JSON.stringify({ ok: true, ...report }));
    return report.refused.length + report.damaged.length + report.unlisted.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    console.log(JSON.stringify({ ok: false, code: error.code }));
    return 2;
  }
}

if (import.meta.main) process.exitCode = await main();
