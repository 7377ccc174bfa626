/** Sealing of what is kept: a key encryption key from outside wraps data keys, each of which seals rows and names them. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { CacheError } from './errors.ts';

const KEY_BYTES = 32;
/** NIST SP 800-38D section 8.2.2: random nonces, at most 2^32 seals a key. A kiosk of a million records makes 2^21 a year. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What wraps data keys; it comes from a systemd credential and never lies beside the records. */
export interface WrappingKey {
  /** Tells which key wrapped, and nothing about it. */
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * Reads a key file: 32 bytes in base64 a line, the current key first, former ones after it; `#` begins a remark.
 * @throws CacheError RECORDS_KEY
 */
export function parseKeyFile(text: string): readonly WrappingKey[] {
  const lines = text
    .split(/\r?\n/)
    .map(line => line.replace(/#.*/, '').trim())
    .filter(line => line !== '');
  const keys = lines.map(line => Buffer.from(line, 'base64'));
  if (keys.length === 0 || keys.some(key => key.length !== KEY_BYTES))
    throw new CacheError('RECORDS_KEY', 'the key file has a line that is not 32 bytes in base64, or none');
  return keys.map(bytes => ({ id: wrappingId(bytes), key: createSecretKey(bytes) }));
}

const wrappingId = (key: Uint8Array): string =>
  createHmac('sha256', key).update('vantay records: name of a wrapping key').digest('hex').slice(0, 16);

/** One generation of the key that rows are sealed under. */
export class DataKey {
  readonly generation: number;
  readonly #raw: Buffer;
  // Key objects: with bare bytes a row took four times as long to open.
  readonly #sealing: KeyObject;
  readonly #naming: KeyObject;

  private constructor(generation: number, raw: Buffer) {
    this.generation = generation;
    this.#raw = raw;
    this.#sealing = derived(raw, 'vantay records: rows');
    this.#naming = derived(raw, 'vantay records: names');
  }

  static make(generation: number): DataKey {
    return new DataKey(generation, randomBytes(KEY_BYTES));
  }

  /** @throws CacheError RECORDS_DAMAGED */
  static unwrap(generation: number, wrapped: Uint8Array, by: WrappingKey, place: string): DataKey {
    return new DataKey(generation, open(by.key, wrapAad(place, generation), wrapped));
  }

  wrap(by: WrappingKey, place: string): Buffer {
    return seal(by.key, wrapAad(place, this.generation), this.#raw);
  }

  /** @param aad what the clear bytes belong to; they open only there */
  seal(aad: string, clear: Uint8Array): Buffer {
    return seal(this.#sealing, aad, clear);
  }

  /** @throws CacheError RECORDS_DAMAGED */
  open(aad: string, sealed: Uint8Array): Buffer {
    return open(this.#sealing, aad, sealed);
  }

  /** By what a row is found: nobody without the key can tell whom it stands for. */
  name(of: readonly string[]): Buffer {
    return createHmac('sha256', this.#naming).update(JSON.stringify(of), 'utf8').digest();
  }

  /** Overwrites the key in memory; what was derived from it goes with this object. */
  forget(): void {
    this.#raw.fill(0);
  }
}

const wrapAad = (place: string, generation: number): string => `${place}|key|${generation}`;

const derived = (key: Uint8Array, purpose: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), purpose, KEY_BYTES)));

function seal(key: KeyObject, aad: string, clear: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(aad, 'utf8'));
  return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
}

function open(key: KeyObject, aad: string, sealed: Uint8Array): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(aad, 'utf8'));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const clear = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    // Gives nothing in this mode: it throws where a bit was altered.
    decipher.final();
    return clear;
  } catch (cause) {
    throw new CacheError('RECORDS_DAMAGED', 'what was kept does not open', { cause });
  }
}
