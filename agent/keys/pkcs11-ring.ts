/**
 * Keys on a PKCS #11 token (smart card, HSM, SoftHSM), through OpenSC's pkcs11-tool: a process of its own for each
 * operation, so that a vendor's module can neither block nor crash the agent, and a token that was replugged simply
 * answers again.
 */
import { createHash, randomBytes } from 'node:crypto';
import { KeyError, type KeyErrorCode } from './errors.ts';
import { readPin } from './files.ts';
import { type KeyRing, publicKeyOf, type RingKey } from './ring.ts';
import { inTurn, runTool, ToolFailure } from './tool.ts';

export interface Pkcs11Settings {
  /** The vendor's PKCS #11 module. */
  readonly moduleFile: string;
  readonly tokenLabel: string;
  /** Holds the user PIN; a systemd credential, or readable by the agent only. */
  readonly pinFile: string;
  /** CKA_LABEL of this kiosk's keys. */
  readonly keyLabel: string;
}

/** Words of pkcs11-tool and of PKCS #11 v2.40 section 11.1; the first that fits. */
const COMPLAINTS: readonly (readonly [RegExp, KeyErrorCode])[] = [
  [/CKR_PIN_(LOCKED|EXPIRED)/, 'KEY_PIN_LOCKED'],
  [/CKR_PIN_|CKR_USER_PIN_NOT_INITIALIZED/, 'KEY_PIN_WRONG'],
  [/CKR_(TOKEN_NOT|DEVICE_REMOVED|SLOT_ID)|No slot|Failed to load pkcs11 module/i, 'KEY_TOKEN_MISSING'],
  [/Private key not found|CKR_KEY_HANDLE_INVALID|CKR_OBJECT_HANDLE_INVALID/, 'KEY_NOT_FOUND'],
  [/CKR_(SESSION_COUNT|DEVICE_MEMORY|HOST_MEMORY|OPERATION_ACTIVE)/, 'KEY_BUSY'],
];

/** Name of the variable that hands the PIN to pkcs11-tool (`--pin env:NAME`). */
const PIN_VARIABLE = 'VANTAY_TOKEN_PIN';

export function pkcs11Ring({ moduleFile, tokenLabel, pinFile, keyLabel }: Pkcs11Settings): KeyRing {
  const turn = inTurn();
  const call = (
    args: readonly string[],
    signal: AbortSignal,
    extra: { input?: Uint8Array; pin?: string } = {},
  ) =>
    turn(() =>
      runTool(
        {
          program: 'pkcs11-tool',
          args: ['--module', moduleFile, '--token-label', tokenLabel, ...args],
          ...(extra.input && { input: extra.input }),
          ...(extra.pin !== undefined && { environment: { [PIN_VARIABLE]: extra.pin } }),
        },
        signal,
      ).catch(failed),
    );
  const withPin = async (args: readonly string[], signal: AbortSignal, input?: Uint8Array) => {
    const pin = (await readPin(pinFile)).toString('utf8').trim();
    return call(['--login', '--pin', `env:${PIN_VARIABLE}`, ...args], signal, {
      pin,
      ...(input && { input }),
    });
  };
  const keyOf = (id: string, publicKey: RingKey['publicKey']): RingKey => ({
    name: `${tokenLabel}/${id}`,
    publicKey,
    sign: async (bytes, signal) => {
      // Hashed here: every token has plain ECDSA, not every one has ECDSA-SHA256.
      const sha256 = createHash('sha256').update(bytes).digest();
      const signature = await withPin(['--sign', '--mechanism', 'ECDSA', '--id', id], signal, sha256);
      if (signature.length !== 64) throw new KeyError('KEY_FAULT', 'the token gave no ECDSA signature');
      return new Uint8Array(signature);
    },
  });
  const list = async (signal: AbortSignal): Promise<RingKey[]> => {
    // Public keys are seen without a PIN.
    const text = (await call(['--list-objects', '--type', 'pubkey'], signal)).toString('utf8');
    return publicKeys(text)
      .filter(({ label }) => label === keyLabel)
      .map(({ id, publicKey }) => keyOf(id, publicKey));
  };
  return {
    holder: 'pkcs11',
    list,
    make: async signal => {
      const id = randomBytes(8).toString('hex');
      const pair = ['--keypairgen', '--key-type', 'EC:prime256v1', '--usage-sign'];
      await withPin([...pair, '--id', id, '--label', keyLabel], signal);
      const made = (await list(signal)).find(({ name }) => name.endsWith(id));
      if (made === undefined) throw new KeyError('KEY_FAULT', 'the token did not keep the key it made');
      return made;
    },
    remove: async ({ name }, signal) => {
      const id = name.slice(name.lastIndexOf('/') + 1);
      for (const type of ['privkey', 'pubkey'])
        await withPin(['--delete-object', '--type', type, '--id', id], signal);
    },
  };
}

/** The P-256 keys in a listing of pkcs11-tool. CKA_EC_POINT is an octet string of the point: 04 41 04 x y. */
function publicKeys(listing: string) {
  return listing.split(/^(?=Public Key Object)/m).flatMap(entry => {
    const point = /EC_POINT:\s+0441(04[0-9a-f]{128})\s*$/m.exec(entry)?.[1];
    const id = /^\s+ID:\s+([0-9a-f]+)/m.exec(entry)?.[1];
    if (point === undefined || id === undefined) return [];
    const bytes = Buffer.from(point, 'hex');
    const label = /^\s+label:\s+(.*?)\s*$/m.exec(entry)?.[1] ?? '';
    return [{ id, label, publicKey: publicKeyOf(bytes.subarray(1, 33), bytes.subarray(33)) }];
  });
}

function failed(cause: unknown): never {
  if (!(cause instanceof ToolFailure)) throw cause;
  const code = COMPLAINTS.find(([words]) => words.test(cause.complaint))?.[1] ?? 'KEY_FAULT';
  throw new KeyError(code, cause.message, { cause });
}
