/** Whom the kiosk seals to: one public key, or several while keys are exchanged. */
import type { JsonWebKey } from 'node:crypto';
import { type Recipient, recipientFromJwk } from '../packet/signer.ts';
import { KeyError } from './errors.ts';
import { NOTICE_MS } from './identity.ts';

/** A public JWK, as its owner published it. `nbf` and `exp` (seconds since 1970) say when it may be sealed to. */
export type PublishedKey = JsonWebKey & { kid?: unknown; nbf?: unknown; exp?: unknown };

export interface DatedRecipient extends Recipient {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The keys of a JWK or a JWK Set (RFC 7517 section 5). Those of other kinds are refused later, one by one. */
export function publishedKeys(text: string): PublishedKey[] {
  try {
    const value = JSON.parse(text) as PublishedKey & { keys?: unknown };
    return Array.isArray(value.keys) ? (value.keys as PublishedKey[]) : [value];
  } catch (cause) {
    throw new KeyError('KEY_RECIPIENT', 'neither a JWK nor a JWK Set', { cause });
  }
}

/** @throws KeyError KEY_RECIPIENT, PacketError PACKET_KEY */
export function recipientsFrom(text: string): Promise<DatedRecipient[]> {
  const seconds = (value: unknown, otherwise: number) =>
    typeof value === 'number' ? value * 1000 : otherwise;
  return Promise.all(
    publishedKeys(text).map(async jwk => ({
      ...(await recipientFromJwk(JSON.stringify(jwk))),
      fromMs: seconds(jwk.nbf, 0),
      untilMs: seconds(jwk.exp, Number.POSITIVE_INFINITY),
    })),
  );
}

/**
 * The one to seal to: of those that may be used now, the one that began last; of several, the one that stands last.
 * @throws KeyError KEY_RECIPIENT
 */
export function currentRecipient(recipients: readonly DatedRecipient[], now: Date): Recipient {
  const newest = newestAt(recipients, now.getTime());
  if (newest === undefined) throw new KeyError('KEY_RECIPIENT', 'no key may be sealed to today');
  return newest;
}

/** What is wrong with a recipient's keys: that none may be sealed to, or soon none will. */
export function recipientFinding(
  recipients: readonly DatedRecipient[],
  now: Date,
): 'KEY_RECIPIENT' | 'KEY_RECIPIENT_ENDS' | null {
  if (!newestAt(recipients, now.getTime())) return 'KEY_RECIPIENT';
  return newestAt(recipients, now.getTime() + NOTICE_MS) ? null : 'KEY_RECIPIENT_ENDS';
}

const newestAt = (recipients: readonly DatedRecipient[], atMs: number): DatedRecipient | undefined =>
  recipients
    .filter(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)
    .toReversed()
    .sort((a, b) => b.fromMs - a.fromMs)[0];
