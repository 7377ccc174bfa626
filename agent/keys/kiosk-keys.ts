/** The keys of a running agent: loaded at its start, looked at again and again, exchanged without a restart. */
import { randomBytes, verify, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Config } from '../contract/config.ts';
import type { Health } from '../contract/uplink.ts';
import type { Clock } from '../ops/clock.ts';
import { parseCertificates, parseRevoked, type Trust, validUntil } from '../packet/certificates.ts';
import type { Recipient, Signer } from '../packet/signer.ts';
import { KeyError, type KeyErrorCode } from './errors.ts';
import { chainFinding, keyOfChain, type Names } from './identity.ts';
import { currentRecipient, type DatedRecipient, recipientFinding, recipientsFrom } from './recipients.ts';
import type { KeyRing, RingKey } from './ring.ts';

/** Public files, as the configuration names them. */
export interface KeyFiles {
  readonly trustRootFile: string;
  readonly revokedFile?: string | undefined;
  readonly certificateChainFile: string;
  readonly backendEncryptionKeyFile: string;
  readonly registryEncryptionKeyFile: string;
  /** Where the office's record server is asked. */
  readonly recordServerKeyFile?: string | undefined;
}

export const keyFilesOf = ({ keys, recordServer }: Pick<Config, 'keys' | 'recordServer'>): KeyFiles => ({
  ...keys,
  recordServerKeyFile: recordServer?.keyFile,
});

export interface KioskKeysOptions {
  readonly files: KeyFiles;
  readonly ring: KeyRing;
  readonly names: Names;
  readonly clock: Clock;
  /** Told when what is wrong has changed; empty when all is well. */
  onFindings(findings: readonly string[]): void;
}

interface Loaded {
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  readonly revoked: ReadonlySet<string>;
  readonly backend: readonly DatedRecipient[];
  readonly registry: readonly DatedRecipient[];
  /** Empty where none is asked. */
  readonly recordServer: readonly DatedRecipient[];
  /** When the files were changed last, joined. */
  readonly stamp: string;
  /** The key that the chain speaks for, once it was found. */
  key: RingKey | null;
}

/** Findings that a visit may go on with. */
const WARNINGS: ReadonlySet<string> = new Set([
  'KEY_IN_FILE',
  'KEY_CERTIFICATE_ENDS',
  'KEY_RECIPIENT_ENDS',
  'KEY_RECORD_SERVER',
]);
/** Failures of a token that pass by themselves. A wrong PIN does not: trying it again would lock the token. */
const PASSING: ReadonlySet<string> = new Set(['KEY_BUSY', 'KEY_TIMEOUT', 'KEY_TOKEN_MISSING']);

/** Between two looks at files, certificates and token, in milliseconds. */
const LOOK_MS = 60_000;
/** Longest a signature is waited for, all its tries together, in milliseconds. */
const SIGN_DEADLINE_MS = 45_000;
const RETRY_MS = 500;

export class KioskKeys implements AsyncDisposable {
  readonly signer: Signer;
  readonly trust: Trust;
  readonly backend: Recipient;
  readonly registry: Recipient;
  /** Null where none is asked. */
  readonly recordServer: Recipient | null;
  readonly #options: KioskKeysOptions;
  readonly #stopping = new AbortController();
  #loaded: Loaded;
  /** What the token failed with last; null while it signs. */
  #tokenFault: KeyErrorCode | null = null;
  #findings: readonly string[] = [];
  #watching: Promise<void> = Promise.resolve();

  private constructor(options: KioskKeysOptions, loaded: Loaded) {
    this.#options = options;
    this.#loaded = loaded;
    // Live views: whoever holds them sees an exchange of the files at once.
    const now = () => this.#loaded;
    const recipient = (of: 'backend' | 'registry' | 'recordServer'): Recipient => ({
      get kid() {
        return currentRecipient(now()[of], options.clock.now()).kid;
      },
      get publicKey() {
        return currentRecipient(now()[of], options.clock.now()).publicKey;
      },
    });
    this.trust = {
      get roots() {
        return now().roots;
      },
      get revokedSerials() {
        return now().revoked;
      },
    };
    this.signer = {
      get certificates() {
        return now().chain;
      },
      sign: bytes => this.#sign(bytes),
    };
    this.backend = recipient('backend');
    this.registry = recipient('registry');
    this.recordServer = options.files.recordServerKeyFile === undefined ? null : recipient('recordServer');
  }

  /**
   * Loads the files and tries the key once. A key that does not work now is a finding, not an error: the agent starts,
   * refuses visits, and says why.
   * @throws KeyError KEY_RECIPIENT, PacketError PACKET_KEY, PACKET_CERTIFICATE, the error of the file system
   */
  static async open(options: KioskKeysOptions): Promise<KioskKeys> {
    const keys = new KioskKeys(options, await load(options.files));
    await keys.look();
    return keys;
  }

  /** Whether a packet sealed now would be taken. */
  get usable(): boolean {
    return this.#findings.every(code => WARNINGS.has(code));
  }

  /** As the health topic tells it. */
  get health(): Health['keys'] {
    return {
      holder: this.#options.ring.holder,
      validUntil: validUntil(this.#loaded.chain, this.trust).toISOString(),
      findings: [...this.#findings],
    };
  }

  /** Looks again and again until disposed of. */
  watch(): void {
    const { signal } = this.#stopping;
    const around = async () => {
      for (;;) {
        await this.#options.clock.sleep(LOOK_MS, signal);
        await this.look();
      }
    };
    this.#watching = around().catch(error => {
      if (!signal.aborted) throw error;
    });
  }

  /** Takes exchanged files up, tries the key, and notes what is wrong. */
  async look(): Promise<void> {
    await this.#reload();
    await this.#tryKey();
    const findings = [...new Set(this.#examine())];
    const changed = findings.join() !== this.#findings.join();
    this.#findings = findings;
    if (changed) this.#options.onFindings(findings);
  }

  async #reload(): Promise<void> {
    try {
      if ((await stampOf(this.#options.files)) === this.#loaded.stamp) return;
      this.#loaded = await load(this.#options.files);
      this.#tokenFault = null;
    } catch {
      // Half an exchange: what was loaded serves on, and the next look tries again.
    }
  }

  async #tryKey(): Promise<void> {
    const bytes = randomBytes(32);
    const loaded = this.#loaded;
    try {
      const signature = await this.#signOnce(loaded, bytes, AbortSignal.timeout(SIGN_DEADLINE_MS));
      const { publicKey } = new X509Certificate(loaded.chain[0] ?? '');
      if (!verify('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature))
        this.#tokenFault = 'KEY_FAULT';
    } catch {
      // Noted as the token's fault by #signOnce.
    }
  }

  #examine(): string[] {
    const { chain, backend, registry, recordServer } = this.#loaded;
    const { clock, names, ring } = this.#options;
    const now = clock.now();
    const findings: (string | null)[] = [chainFinding(chain, this.trust, names, now), this.#tokenFault];
    for (const keys of [backend, registry]) findings.push(recipientFinding(keys, now));
    // A search there is worth having, but a visit does without it.
    const atServer = this.recordServer && recipientFinding(recordServer, now);
    findings.push(atServer === 'KEY_RECIPIENT' ? 'KEY_RECORD_SERVER' : atServer);
    if (ring.holder === 'file') findings.push('KEY_IN_FILE');
    return findings.filter(code => code !== null);
  }

  async #sign(bytes: Uint8Array): Promise<Uint8Array> {
    // Of the moment at which the certificates were asked for, also when the files are exchanged meanwhile.
    const loaded = this.#loaded;
    const signal = AbortSignal.any([AbortSignal.timeout(SIGN_DEADLINE_MS), this.#stopping.signal]);
    for (;;) {
      try {
        return await this.#signOnce(loaded, bytes, signal);
      } catch (error) {
        if (!PASSING.has(asKeyError(error).code)) throw error;
        // The deadline's own error says less than the token's.
        await this.#options.clock.sleep(RETRY_MS, signal).catch(() => Promise.reject(error));
      }
    }
  }

  async #signOnce(loaded: Loaded, bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#tokenFault === 'KEY_PIN_WRONG' || this.#tokenFault === 'KEY_PIN_LOCKED')
      throw new KeyError(this.#tokenFault, 'the PIN was refused before');
    try {
      loaded.key ??= await keyOfChain(this.#options.ring, loaded.chain, signal);
      const signature = await loaded.key.sign(bytes, signal);
      this.#tokenFault = null;
      return signature;
    } catch (cause) {
      const error = asKeyError(cause);
      if (error.code === 'KEY_NOT_FOUND') loaded.key = null;
      this.#tokenFault = error.code;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the agent stops'));
    await this.#watching;
  }
}

function asKeyError(cause: unknown): KeyError {
  if (cause instanceof KeyError) return cause;
  const late = cause instanceof Error && cause.name === 'TimeoutError';
  return new KeyError(late ? 'KEY_TIMEOUT' : 'KEY_FAULT', 'the key did not sign', { cause });
}

async function load(files: KeyFiles): Promise<Loaded> {
  const stamp = await stampOf(files);
  const text = (path: string) => readFile(path, 'utf8');
  return {
    chain: parseCertificates(await text(files.certificateChainFile)),
    roots: parseCertificates(await text(files.trustRootFile)),
    revoked: parseRevoked(files.revokedFile === undefined ? '' : await text(files.revokedFile)),
    backend: await recipientsFrom(await text(files.backendEncryptionKeyFile)),
    registry: await recipientsFrom(await text(files.registryEncryptionKeyFile)),
    recordServer:
      files.recordServerKeyFile === undefined
        ? []
        : await recipientsFrom(await text(files.recordServerKeyFile)),
    stamp,
    key: null,
  };
}

async function stampOf(files: KeyFiles): Promise<string> {
  const { trustRootFile, revokedFile, certificateChainFile } = files;
  const { backendEncryptionKeyFile, registryEncryptionKeyFile, recordServerKeyFile } = files;
  const paths = [
    trustRootFile,
    revokedFile,
    certificateChainFile,
    backendEncryptionKeyFile,
    registryEncryptionKeyFile,
    recordServerKeyFile,
  ];
  const there = paths.filter(path => path !== undefined);
  const stats = await Promise.all(there.map(path => stat(path, { bigint: true })));
  return stats.map(({ ino, mtimeNs }) => `${ino}/${mtimeNs}`).join();
}
