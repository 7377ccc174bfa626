// @peculiar/x509 resolves its parts through decorators and will not load without this.
import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import type { RingKey } from './ring.ts';

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * PKCS #10 certificate request (RFC 2986) of a key, PEM. The generator wants a key of Web Crypto; since the real one may
 * lie in a chip, it gets the public half, and its signature is asked of the ring.
 * @throws KeyError
 */
export async function certificateRequest(
  key: RingKey,
  { kiosk, office }: { readonly kiosk: string; readonly office: string },
  signal: AbortSignal,
): Promise<string> {
  const { subtle } = crypto;
  const spki = key.publicKey.export({ format: 'der', type: 'spki' });
  const publicKey = await subtle.importKey('spki', spki, ES256, true, ['verify']);
  const signing = {
    subtle: {
      exportKey: subtle.exportKey.bind(subtle),
      sign: async (_algorithm: unknown, _key: unknown, bytes: ArrayBuffer) =>
        Uint8Array.from(await key.sign(new Uint8Array(bytes), signal)).buffer,
    },
  };
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name: `CN=${kiosk}, OU=${office}`,
      keys: { publicKey, privateKey: publicKey },
      signingAlgorithm: ES256,
    },
    signing as unknown as Crypto,
  );
  return `${request.toString('pem')}\n`;
}
