import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { MqttClient } from 'mqtt';
import type { ClearBlob } from '../../backend/sealed/blob.ts';
import { cutContainer } from '../../backend/sealed/chunk.ts';
import { loadSigningKey, type Message, type SigningKey, verifyMessage } from '../../backend/sealed/jws.ts';
import { loadJwk, loadServiceKeys } from '../../backend/sealed/keys.ts';
import { type SealedMessage, sealMessage } from '../../backend/sealed/seal.ts';
import { type BrokerAccess, connectClient, disconnectClient } from '../../sim/broker/client.ts';
import { topicOf } from '../../sim/broker/topics.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';

/** A UUID of version 7 (RFC 9562 section 5.7). */
export function uuid7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const DEVICE = { driver: 'test', model: 'test', serial: '1', trust: 'L0' };
const QUALITY = { algorithm: 'test', version: '1', score: 80, components: {} };

/** A manifest of a made-up visit, as the packet schema wants it, without `contentKey` and `blobs`. */
export function packetManifest(office: string, kiosk: string, sequence: number, packetId = uuid7()): Message {
  const now = new Date().toISOString();
  const compared = { outcome: 'match', score: 50, threshold: 40, fmr: 0.0001 };
  return {
    type: 'vantay.packet',
    schemaVersion: 1,
    packetId,
    office,
    kiosk,
    boot: 1,
    sequence,
    createdAt: now,
    clock: 'synchronised',
    agentVersion: '0.0.0',
    audit: { entries: 0, sha256: '0'.repeat(64) },
    purpose: 'register_level_2',
    applicant: {
      surname: 'CANARY',
      givenNames: 'TEST',
      birthDate: '1990-01-02',
      sex: 'female',
      nationality: 'UTO',
    },
    documents: [{ kind: 'travel_document', number: 'L898902C3', issuer: 'UTO', expires: '2032-04-15' }],
    ground: null,
    appointment: null,
    representative: null,
    contact: {
      mobile: '+84900000000',
      email: null,
      numberOf: 'applicant',
      simConfirmedBy: 'applicant',
      integrate: [],
    },
    consent: { textVersion: '1', language: 'en', textSha256: 'a'.repeat(64), givenAt: now },
    samples: [
      {
        modality: 'finger',
        position: 'right_index',
        image: 'finger-2',
        minutiae: null,
        quality: QUALITY,
        attempts: 1,
        device: DEVICE,
      },
    ],
    exceptions: [],
    overrides: [],
    lookup: { state: 'found', onFile: { face: true, finger: true }, source: 'registry' },
    decision: {
      outcome: 'match',
      reason: 'both_match',
      face: compared,
      finger: compared,
      llr: 7.5,
      fingers: [{ position: 'right_index', score: 50, model: 'finger-match', matchesInstead: null }],
      models: [],
    },
    identification: null,
    expected: {
      within3WorkingDays: null,
      within7WorkingDays: null,
      accountDecision: null,
      provisional: true,
    },
  };
}

export const fingerBlob = (bytes = 5_000): ClearBlob => ({
  name: 'finger-2',
  mediaType: 'application/octet-stream',
  bytes: new Uint8Array(randomBytes(bytes)),
});

/** The kiosk's side of the wire, with the simulation's own writer. */
export class KioskEnd implements AsyncDisposable {
  readonly client: MqttClient;
  readonly signer: SigningKey;
  readonly #pki: PkiPaths;
  readonly #inbox: { readonly topic: string; readonly payload: Buffer }[] = [];
  #wake: () => void = () => undefined;

  private constructor(client: MqttClient, pki: PkiPaths) {
    this.client = client;
    this.#pki = pki;
    this.signer = loadSigningKey(pki.kiosk.signing.chain, pki.kiosk.signing.key);
    client.on('message', (topic, payload) => {
      this.#inbox.push({ topic, payload });
      this.#wake();
    });
  }

  static async connect(
    access: BrokerAccess,
    pki: PkiPaths,
    address: { office: string; kiosk: string },
  ): Promise<KioskEnd> {
    const client = await connectClient(access, `test-${address.kiosk}-${randomBytes(4).toString('hex')}`);
    const end = new KioskEnd(client, pki);
    await client.subscribeAsync([topicOf(address, 'receipt'), topicOf(address, 'record/answer')], { qos: 1 });
    return end;
  }

  seal(
    manifest: Message,
    blobs: readonly ClearBlob[] = [fingerBlob()],
    signer = this.signer,
  ): Promise<SealedMessage> {
    const recipient = loadJwk(this.#pki.backend.encryptionPublic);
    return sealMessage({ id: String(manifest.packetId), manifest, blobs, signer, recipient });
  }

  /** Publishes a container in chunks; `only` picks some of them. */
  async send(
    topic: string,
    id: string,
    container: Uint8Array,
    options: { readonly chunkBytes?: number; readonly only?: readonly number[] } = {},
  ): Promise<void> {
    const chunks = cutContainer(id, container, options.chunkBytes ?? 2_000);
    const wanted = options.only ?? chunks.keys();
    for (const index of wanted)
      await this.client.publishAsync(topic, Buffer.from(chunks[index]!), { qos: 1 });
  }

  /** The next message; waits for it. */
  async next(signal: AbortSignal): Promise<{ topic: string; payload: Buffer }> {
    while (this.#inbox.length === 0) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
    return this.#inbox.shift()!;
  }

  /** The next receipt, verified. */
  async receipt(signal: AbortSignal): Promise<Record<string, unknown>> {
    const { payload } = await this.next(signal);
    const { root } = loadServiceKeys({
      root: this.#pki.root.chain,
      signing: this.#pki.backend.signing,
      encryption: [],
    });
    const { message, signatory } = await verifyMessage(
      payload.toString(),
      'vantay.receipt',
      { root },
      new Date(),
    );
    if (signatory.commonName !== 'backend' || signatory.organizationalUnit !== null)
      throw new Error('not the backend');
    return message;
  }

  /** Receipts up to, and with, one of the given states. */
  async receiptsUntil(states: readonly string[], signal: AbortSignal): Promise<Record<string, unknown>[]> {
    const receipts: Record<string, unknown>[] = [];
    do receipts.push(await this.receipt(signal));
    while (!states.includes(String(receipts.at(-1)?.state)));
    return receipts;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return disconnectClient(this.client);
  }
}

/** A key for one record request: the public half goes into it, the private half opens the answer. */
export async function answerKeyPair(): Promise<{ answerKey: JWK; open: JWK }> {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as JWK;
  const { d: _secret, ...answerKey } = jwk;
  return { answerKey, open: { ...jwk, kid: await calculateJwkThumbprint(jwk) } };
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
