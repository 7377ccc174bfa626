/** Keys in files, for development: who reads the file can be the kiosk. The agent says so wherever it can. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { requireP256 } from '../packet/certificates.ts';
import { KeyError } from './errors.ts';
import { readIfThere, writeWhole } from './files.ts';
import type { KeyRing, RingKey } from './ring.ts';

/**
 * @param path PKCS #8 or SEC1 PEM of a P-256 key, not encrypted. Beside it, with `.second` at its end, is the other place.
 */
export function fileRing(path: string): KeyRing {
  const places = [path, `${path}.second`];
  const keyIn = async (place: string): Promise<RingKey[]> => {
    const pem = await readIfThere(place);
    return pem === null ? [] : [keyOf(place, readKey(place, pem))];
  };
  const list = async () => (await Promise.all(places.map(keyIn))).flat();
  return {
    holder: 'file',
    list,
    make: async () => {
      const used = (await list()).map(({ name }) => name);
      const free = places.find(place => !used.includes(place));
      if (free === undefined) throw new KeyError('KEY_FAULT', `both ${places.join(' and ')} are taken`);
      const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
      await writeWhole(free, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
      return keyOf(free, privateKey);
    },
    remove: ({ name }) => rm(name, { force: true }),
  };
}

function readKey(place: string, pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    requireP256(key);
    return key;
  } catch (cause) {
    throw new KeyError('KEY_FAULT', `${place} holds no P-256 key`, { cause });
  }
}

const keyOf = (name: string, privateKey: KeyObject): RingKey => ({
  name,
  publicKey: createPublicKey(privateKey),
  // 16 KB take about 0.1 ms, so no thread is asked.
  sign: async bytes => new Uint8Array(sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
});
