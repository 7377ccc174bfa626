import type { MqttClient } from 'mqtt';
import { Intake, type KioskAddress, type Verdict, wordsOf } from '../../backend/intake.ts';
import { judgePacket } from '../../backend/judge.ts';
import type { ReceiptState, ReceiptWord } from '../../backend/receipts.ts';
import { decodeChunk } from '../../backend/sealed/chunk.ts';
import { SealedError } from '../../backend/sealed/error.ts';
import { forgedSigner } from '../../backend/sealed/jws.ts';
import { loadServiceKeys, type ServiceKeys } from '../../backend/sealed/keys.ts';
import { PacketStore, type StoredPacket } from '../../backend/store.ts';
import { connectClient, disconnectClient } from '../broker/client.ts';
import { addressOf, subscribeAll, topicOf } from '../broker/topics.ts';
import { type BackendFault, faultyMemory, Struck } from './faults.ts';
import { Gaps } from './gaps.ts';
import type { AcceptedPacket, BackendLogEntry, BackendOptions, Refusal } from './options.ts';
import { Waiters } from './waiters.ts';

/** Long enough for the slowest link in the field, short enough for a test. */
const RESEND_AFTER_MS = 5_000;
/** Refusals kept for a caller to read. */
const MAX_REFUSALS = 1_000;

/** The simulated issuance backend: judges what kiosks send and answers with signed receipts. */
export class SimulatedBackend implements AsyncDisposable {
  readonly #options: BackendOptions;
  readonly #client: MqttClient;
  readonly #keys: ServiceKeys;
  readonly #store: PacketStore;
  readonly #intake: Intake;
  readonly #receipts = new Map<string, ReceiptState[]>();
  readonly #refusals: Refusal[] = [];
  readonly #gaps: Gaps;
  readonly #waiters = new Waiters();
  #fault: BackendFault | null;
  #work: Promise<void> = Promise.resolve();
  #down = false;

  constructor(options: BackendOptions, client: MqttClient, store: PacketStore) {
    this.#options = options;
    this.#client = client;
    this.#store = store;
    this.#keys = loadServiceKeys(options.keys);
    this.#intake = new Intake({
      ...options,
      keys: this.#keys,
      store: faultyMemory(store, () => this.#fault),
    });
    this.#gaps = new Gaps(options.resendAfterMs ?? RESEND_AFTER_MS);
    this.#fault = options.fault ?? null;
    // One at a time and in order: what is judged twice must have been committed once.
    client.on('message', (topic, payload) => {
      this.#work = this.#work.then(() => this.#take(topic, payload));
    });
  }

  setFault(fault: BackendFault | null): void {
    this.#fault = fault;
  }

  /** Number of accepted packets. */
  count(): number {
    return this.#store.count();
  }

  /** What is kept of accepted packets, oldest first, unopened: cheap for thousands, and without personal data. */
  stored(): StoredPacket[] {
    return this.#store.all();
  }

  /** Accepted packets, oldest first, opened with the backend's own key. */
  packets(): Promise<AcceptedPacket[]> {
    return Promise.all(this.#store.all().map(packet => this.#reopen(packet)));
  }

  /** An accepted packet, sealed as it came; null when containers are not kept. */
  container(packetId: string): Uint8Array | null {
    return this.#store.container(packetId);
  }

  /** The last refusals, oldest first. */
  refusals(): readonly Refusal[] {
    return [...this.#refusals];
  }

  /** Resolves when so many packets are accepted. @throws the signal's reason. */
  waitForPackets(count: number, signal: AbortSignal): Promise<void> {
    return this.#waiters.until(() => this.count() >= count, signal);
  }

  /** Resolves when so many refusals were seen. @throws the signal's reason. */
  waitForRefusals(count: number, signal: AbortSignal): Promise<void> {
    return this.#waiters.until(() => this.#refusals.length >= count, signal);
  }

  /** Ends without a word: the connection breaks, nothing more is answered. */
  kill(): void {
    if (this.#down) return;
    this.#down = true;
    this.#gaps.clear();
    this.#client.stream.destroy();
    this.#client.end(true);
    this.#store[Symbol.dispose]();
  }

  /** Finishes what it has begun and ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work;
    if (this.#down) return;
    this.#down = true;
    this.#gaps.clear();
    await disconnectClient(this.#client);
    this.#store[Symbol.dispose]();
  }

  async #take(topic: string, payload: Uint8Array): Promise<void> {
    const address = addressOf(topic, 'packet');
    if (address === null || this.#down) return;
    if (this.#watch(topic, address, payload) === 'lost') return;
    try {
      await this.#answer(topic, address, await this.#intake.chunk(address, payload));
    } catch (error) {
      if (!(error instanceof Struck)) throw error;
      await this.#struck(address, error);
    }
  }

  async #answer(topic: string, address: KioskAddress, verdict: Verdict): Promise<void> {
    if (verdict.kind === 'incomplete') return;
    if (verdict.kind === 'refused') this.#note(topic, address, verdict);
    else {
      const { packetId, bytes } = verdict.packet;
      this.#gaps.done(keyOf(topic, packetId));
      this.#log({ event: verdict.repeated ? 'repeated' : 'accepted', ...address, packetId, bytes });
    }
    const first = verdict.kind === 'accepted' && !verdict.repeated;
    if (!(first && this.#fault?.kind === 'drop-first-receipts'))
      for (const word of wordsOf(address, verdict)) await this.#send(word);
    this.#waiters.wake();
  }

  #note(topic: string, address: KioskAddress, verdict: Extract<Verdict, { kind: 'refused' }>): void {
    const { packetId, code, detail, passing } = verdict;
    if (packetId !== null && !passing) this.#gaps.done(keyOf(topic, packetId));
    this.#refusals.push({ ...address, packetId, code });
    if (this.#refusals.length > MAX_REFUSALS) this.#refusals.shift();
    this.#log({ event: 'refused', ...address, packetId, code, detail });
  }

  /** A fault took the place of the commit, or followed it. */
  async #struck(address: KioskAddress, { packet, fault }: Struck): Promise<void> {
    if (fault.kind === 'kill') {
      this.kill();
      this.#options.onKill?.();
      return;
    }
    const { packetId, manifestSha256 } = packet;
    const { state, code, modality } = fault;
    const word = { packetId, ...address, state, code, manifestSha256 };
    await this.#send(modality === undefined ? word : { ...word, modality });
  }

  async #send(word: ReceiptWord): Promise<void> {
    const fault = this.#fault?.kind;
    if (fault === 'silent') return;
    const forger = fault === 'forged-receipts' ? forgedSigner(this.#keys.signer) : undefined;
    const jws = await this.#intake.receipt(word, forger);
    if (this.#down) return;
    const topic = topicOf(word, 'receipt');
    for (let copy = 0; copy < (fault === 'duplicate-receipts' ? 2 : 1); copy++) {
      // Not awaited: the broker may be away, and the next packet must not wait for it.
      this.#client.publish(topic, jws, { qos: 1 }, () => undefined);
      const { packetId, office, kiosk, state } = word;
      this.#receipts.set(packetId, [...(this.#receipts.get(packetId) ?? []), state]);
      this.#log({ event: 'receipt', office, kiosk, packetId, state });
    }
  }

  /** Notes that something of a packet came, so that what stays away is asked for; `lost` when a fault loses this chunk. */
  #watch(topic: string, address: KioskAddress, payload: Uint8Array): 'lost' | null {
    const chunk = chunkIn(payload);
    if (chunk === null) return null;
    const key = keyOf(topic, chunk.id);
    this.#gaps.watch(key, () => {
      this.#work = this.#work.then(() => this.#askAgain(topic, address, chunk.id));
    });
    const loses = this.#fault?.kind === 'lose-chunks' && this.#fault.chunks.includes(chunk.index);
    return loses && this.#gaps.lose(key, chunk.index) ? 'lost' : null;
  }

  async #askAgain(topic: string, address: KioskAddress, id: string): Promise<void> {
    const missing = this.#intake.missing(address, id);
    const chunks = missing.length > 0 ? missing : this.#gaps.lostOf(keyOf(topic, id));
    // Late copies of an accepted packet's chunks are no reason to ask for the rest of them.
    if (this.#down || chunks.length === 0 || this.#store.find(id) !== null) return;
    await this.#send({ packetId: id, ...address, state: 'resend', chunks, manifestSha256: null });
  }

  async #reopen(packet: StoredPacket): Promise<AcceptedPacket> {
    const receiptStates = [...(this.#receipts.get(packet.packetId) ?? [])];
    const container = this.#store.container(packet.packetId);
    if (container === null) return { ...packet, manifest: null, blobs: [], receiptStates };
    // As of then: what has expired or was revoked since does not undo an acceptance.
    const context = this.#intake.context(new Date(packet.acceptedAt));
    const { manifest, blobs } = await judgePacket(container, context, null);
    return {
      ...packet,
      manifest,
      blobs: [...blobs].map(([name, bytes]) => ({ name, bytes: bytes.length })),
      receiptStates,
    };
  }

  #log(entry: BackendLogEntry): void {
    this.#options.log?.(entry);
  }
}

const keyOf = (topic: string, id: string): string => `${topic} ${id}`;

function chunkIn(payload: Uint8Array): { readonly id: string; readonly index: number } | null {
  try {
    return decodeChunk(payload);
  } catch (error) {
    if (error instanceof SealedError) return null;
    throw error;
  }
}

/** Connects, subscribes to the packets of all kiosks and starts to judge them. */
export async function startBackend(options: BackendOptions, signal?: AbortSignal): Promise<SimulatedBackend> {
  const store = new PacketStore(options.store ?? ':memory:');
  let client: MqttClient | null = null;
  try {
    client = await connectClient(options.broker, options.clientId ?? 'simulated-backend', signal);
    const backend = new SimulatedBackend(options, client, store);
    await subscribeAll(client, 'packet');
    return backend;
  } catch (error) {
    client?.end(true);
    store[Symbol.dispose]();
    throw error;
  }
}
