/**
 * Keys in a TPM 2.0, through tpm2-tools: made inside, bound to this chip (fixedTPM, fixedParent), kept at two persistent
 * handles. A process for each operation, as with tokens.
 */
import { createHash, createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyError, type KeyErrorCode } from './errors.ts';
import { readPin } from './files.ts';
import type { KeyRing, RingKey } from './ring.ts';
import { inTurn, runTool, ToolFailure } from './tool.ts';

export interface Tpm2Settings {
  /** How tpm2-tools reach the TPM, as for `tpm2 --tcti`. */
  readonly tcti: string;
  /** First of the two persistent handles; the range of the owner is 0x81000000 to 0x817fffff. */
  readonly handle: number;
  /** Holds the keys' authorisation value, every byte of it; without one, whoever may use the TPM may sign. */
  readonly authFile?: string | undefined;
}

/** Words of tpm2-tools with response codes of TPM 2.0 part 2, section 6.6.3; the first that fits. */
const COMPLAINTS: readonly (readonly [RegExp, KeyErrorCode])[] = [
  [/\(0x921\)|0x00000921/i, 'KEY_PIN_LOCKED'],
  // TPM_RC_AUTH_FAIL and TPM_RC_BAD_AUTH, of whichever session.
  [/\(0x[0-9a-f]?[9d](8e|a2)\)/i, 'KEY_PIN_WRONG'],
  [/Could not load tcti|Failed to (open|connect)/i, 'KEY_TOKEN_MISSING'],
  // TPM_RC_HANDLE of the first handle.
  [/\(0x18b\)/i, 'KEY_NOT_FOUND'],
  // OBJECT_MEMORY, SESSION_MEMORY, SESSION_HANDLES, YIELDED, TESTING, RETRY; and a device that somebody else holds.
  [/\(0x(902|903|905|908|90a|922)\)|busy/i, 'KEY_BUSY'],
];

/** Attributes of a signing key that never leaves its chip (TPM 2.0 part 2, section 8.3). */
const ATTRIBUTES = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign';
/**
 * A start after a power cut counts as a failed try at every key under dictionary attack protection, and a few in a row lock
 * them all (TPM 2.0 part 1, section "Dictionary Attack Protection"). A key without a value to be guessed needs none.
 */
const UNGUESSABLE = 'noda';
const HANDLES = 2;

export function tpm2Ring({ tcti, handle, authFile }: Tpm2Settings): KeyRing {
  const turn = inTurn();
  const call = (args: readonly string[], signal: AbortSignal, input?: Uint8Array) =>
    runTool(
      { program: 'tpm2', args, environment: { TPM2TOOLS_TCTI: tcti }, ...(input && { input }) },
      signal,
    ).catch(failed);
  const auth = async (): Promise<string[]> => {
    if (authFile === undefined) return [];
    await readPin(authFile);
    return ['-p', `file:${authFile}`];
  };
  /** Without a resource manager nobody else clears away what a command left. */
  const flush = (signal: AbortSignal) => call(['flushcontext', '--transient-object'], signal);
  const keyAt = async (at: string, signal: AbortSignal): Promise<RingKey> => {
    const sign = ['sign', '-Q', '-c', at, '-g', 'sha256', '-s', 'ecdsa', '-d', '-f', 'tss'];
    const pem = await resultOf(result =>
      call(['readpublic', '-Q', '-c', at, '-f', 'pem', '-o', result], signal),
    );
    return {
      name: at,
      publicKey: createPublicKey(pem),
      sign: (bytes, signal) =>
        turn(async () => {
          const sha256 = createHash('sha256').update(bytes).digest();
          const secret = await auth();
          return rawSignature(
            await resultOf(result => call([...sign, ...secret, '-o', result], signal, sha256)),
          );
        }),
    };
  };
  const ours = Array.from({ length: HANDLES }, (_, slot) => `0x${(handle + slot).toString(16)}`);
  const taken = async (signal: AbortSignal): Promise<string[]> => {
    const persistent = (await call(['getcap', 'handles-persistent'], signal)).toString('utf8').toLowerCase();
    return ours.filter(at => persistent.includes(at));
  };
  const make = async (folder: string, signal: AbortSignal): Promise<RingKey> => {
    const used = await taken(signal);
    const free = ours.find(at => !used.includes(at));
    if (free === undefined) throw new KeyError('KEY_FAULT', `both handles ${ours.join(' and ')} are taken`);
    const file = (name: string) => join(folder, name);
    const parts = ['-u', file('public'), '-r', file('private')];
    const steps = [
      ['createprimary', '-Q', '-C', 'o', '-g', 'sha256', '-G', 'ecc', '-c', file('primary')],
      [
        'create',
        '-Q',
        '-C',
        file('primary'),
        '-G',
        'ecc256:ecdsa-sha256',
        '-a',
        authFile === undefined ? `${ATTRIBUTES}|${UNGUESSABLE}` : ATTRIBUTES,
        ...parts,
        ...(await auth()),
      ],
      ['load', '-Q', '-C', file('primary'), ...parts, '-c', file('key')],
      ['evictcontrol', '-Q', '-C', 'o', '-c', file('key'), free],
    ];
    for (const step of steps) {
      await flush(signal);
      await call(step, signal);
    }
    await flush(signal);
    return keyAt(free, signal);
  };
  return {
    holder: 'tpm2',
    list: signal =>
      turn(async () => {
        const keys: RingKey[] = [];
        for (const at of await taken(signal)) keys.push(await keyAt(at, signal));
        return keys;
      }),
    make: signal => turn(() => inFolder(folder => make(folder, signal))),
    remove: ({ name }, signal) =>
      turn(async () => {
        await call(['evictcontrol', '-Q', '-C', 'o', '-c', name], signal);
      }),
  };
}

/**
 * A folder for what tpm2-tools hand from one to the next. They cannot write to the sockets that Node gives a child as
 * its streams. Public keys, signatures, and what the TPM encrypted for itself: nothing of use to another.
 */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'vantay-tpm-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a command wrote into the file it was given. */
const resultOf = (work: (result: string) => Promise<unknown>): Promise<Buffer> =>
  inFolder(async folder => {
    const result = join(folder, 'result');
    await work(result);
    return readFile(result);
  });

/** r and s of a TPMT_SIGNATURE (TPM 2.0 part 2, section 11.3.4): algorithm, hash, then each with its length. */
function rawSignature(bytes: Buffer): Uint8Array {
  const raw = new Uint8Array(64);
  let at = 4;
  for (const end of [32, 64]) {
    const length = at + 2 <= bytes.length ? bytes.readUInt16BE(at) : 0;
    if (length === 0 || length > 32 || at + 2 + length > bytes.length)
      throw new KeyError('KEY_FAULT', 'the TPM gave no ECDSA signature');
    raw.set(bytes.subarray(at + 2, at + 2 + length), end - length);
    at += 2 + length;
  }
  return raw;
}

function failed(cause: unknown): never {
  if (!(cause instanceof ToolFailure)) throw cause;
  const code = COMPLAINTS.find(([words]) => words.test(cause.complaint))?.[1] ?? 'KEY_FAULT';
  throw new KeyError(code, cause.message, { cause });
}
