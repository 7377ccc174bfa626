import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import { isStrictBase64url } from './base64url.ts';
import { canonicalJson } from './canonical.ts';
import { type Signatory, type Trust, verifyChain } from './chain.ts';
import { SealedError } from './error.ts';

/** A key that signs, with the chain that vouches for it. */
export interface SigningKey {
  readonly key: KeyObject;
  /** Base64 DER, leaf first, without the root. */
  readonly x5c: readonly string[];
}

/** Reads a signing key (PKCS #8 PEM) and its chain (PEM, leaf first). */
export function loadSigningKey(chainPath: string, keyPath: string): SigningKey {
  const chain = readFileSync(chainPath, 'latin1').match(
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
  );
  if (chain === null) throw new Error(`${chainPath} holds no certificate`);
  return {
    key: createPrivateKey(readFileSync(keyPath)),
    x5c: chain.map(pem => new X509Certificate(pem).raw.toString('base64')),
  };
}

/** Anything with a type of its own. */
export type Message = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Signs a message as compact JWS: ES256, `typ` is the message's own type, payload canonical. */
export const signMessage = (message: Message, signer: SigningKey): Promise<string> =>
  new CompactSign(Buffer.from(canonicalJson(message)))
    .setProtectedHeader({ alg: 'ES256', typ: message.type, x5c: [...signer.x5c] })
    .sign(signer.key);

/** The same chain in front of another key: a forger who has seen genuine messages but has no key. */
export const forgedSigner = (genuine: SigningKey): SigningKey => ({
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  x5c: genuine.x5c,
});

export interface VerifiedMessage {
  readonly message: Record<string, unknown>;
  readonly signatory: Signatory;
}

/**
 * Verifies a compact JWS: header, chain, signature, canonical JSON payload, type (one of several, where several fit).
 * Who the signatory has to be is the caller's question.
 * @throws SealedError
 */
export async function verifyMessage(
  jws: string,
  type: string | readonly string[],
  trust: Trust,
  at: Date,
): Promise<VerifiedMessage> {
  const header = headerOf(jws);
  if (header.alg !== 'ES256') throw new SealedError('algorithm_refused', 'JWS alg');
  const { typ = '' } = header;
  if (![type].flat().includes(typ)) throw new SealedError('type_unexpected', 'typ');
  const { leaf, signatory } = verifyChain(header.x5c, trust, at);
  if (leaf.publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new SealedError('algorithm_refused', 'the leaf has no P-256 key');
  const payload = await compactVerify(jws, leaf.publicKey, { algorithms: ['ES256'] }).then(
    verified => verified.payload,
    (cause: unknown) => {
      throw new SealedError('signature_invalid', '', cause);
    },
  );
  const message = parsed(payload);
  if (message.type !== typ) throw new SealedError('type_unexpected', 'type');
  return { message, signatory };
}

function headerOf(jws: string): ReturnType<typeof decodeProtectedHeader> {
  const parts = jws.split('.');
  if (parts.length !== 3 || !parts.every(isStrictBase64url))
    throw new SealedError('jws_malformed', 'not compact');
  try {
    return decodeProtectedHeader(jws);
  } catch (cause) {
    throw new SealedError('jws_malformed', '', cause);
  }
}

function parsed(payload: Uint8Array): Record<string, unknown> {
  const text = Buffer.from(payload).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without a cause: a JSON parser's message quotes the text, and that text holds a person's data.
    throw new SealedError('manifest_malformed', 'not JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new SealedError('manifest_malformed', 'not an object');
  if (canonicalJson(value) !== text) throw new SealedError('manifest_not_canonical');
  return value as Record<string, unknown>;
}
