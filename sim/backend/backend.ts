import { createHash } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { type JudgeContext, type JudgedPacket, judgePacket } from '../../backend/judge.ts';
import { type ReceiptState, type ReceiptWord, writeReceipt } from '../../backend/receipts.ts';
import { decodeChunk } from '../../backend/sealed/chunk.ts';
import { SealedError } from '../../backend/sealed/error.ts';
import { forgedSigner } from '../../backend/sealed/jws.ts';
import { loadServiceKeys, type ServiceKeys } from '../../backend/sealed/keys.ts';
import { DEFAULT_LIMITS, Reassembly } from '../../backend/sealed/reassembly.ts';
import type { SchemaCheck } from '../../backend/sealed/schema.ts';
import { contractSchema } from '../../backend/sealed/schemas.ts';
import { PacketStore, type StoredPacket } from '../../backend/store.ts';
import { connectClient, disconnectClient } from '../broker/client.ts';
import { addressOf, type KioskAddress, subscribeAll, topicOf } from '../broker/topics.ts';
import type { BackendFault } from './faults.ts';
import { Gaps } from './gaps.ts';
import type { AcceptedPacket, BackendLogEntry, BackendOptions, Refusal } from './options.ts';
import { Waiters } from './waiters.ts';

/** Long enough for the slowest link in the field, short enough for a test. */
const RESEND_AFTER_MS = 5_000;
const SEQUENCE_WINDOW = 10_000;
/** Refusals kept for a caller to read. */
const MAX_REFUSALS = 1_000;
/** Refusals that are not the packet's last word: another try may succeed, so no receipt ends it. */
const PASSING: readonly string[] = ['chunk_malformed', 'chunk_conflict', 'limit_exceeded'];

/** The simulated issuance backend: judges what kiosks send and answers with signed receipts. */
export class SimulatedBackend implements AsyncDisposable {
  readonly #options: BackendOptions;
  readonly #client: MqttClient;
  readonly #keys: ServiceKeys;
  readonly #packetSchema: SchemaCheck;
  readonly #receiptSchema: SchemaCheck;
  readonly #store: PacketStore;
  readonly #reassembly: Reassembly;
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
    this.#packetSchema = contractSchema('packet');
    this.#receiptSchema = contractSchema('receipt');
    this.#reassembly = new Reassembly(options.limits ?? DEFAULT_LIMITS);
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
    let id: string | null = null;
    try {
      const chunk = decodeChunk(payload);
      id = chunk.id;
      this.#watch(topic, address, id);
      const loses = this.#fault?.kind === 'lose-chunks' && this.#fault.chunks.includes(chunk.index);
      if (loses && this.#gaps.lose(keyOf(topic, id), chunk.index)) return;
      const part = this.#reassembly.accept(topic, payload);
      if (part.kind === 'incomplete') return;
      this.#gaps.done(keyOf(topic, id));
      await this.#judge(address, id, part.container);
    } catch (error) {
      if (!(error instanceof SealedError)) throw error;
      await this.#refuse(address, id, error);
    }
  }

  async #judge(address: KioskAddress, id: string, container: Uint8Array): Promise<void> {
    const containerSha256 = createHash('sha256').update(container).digest('hex');
    const known = this.#store.find(id);
    // Bytes that were accepted once are answered as they were then, whatever has expired since.
    if (known?.containerSha256 === containerSha256) {
      this.#log({ event: 'repeated', ...address, packetId: id });
      return this.#acknowledge(address, known, true);
    }
    const judged = await judgePacket(container, this.#context(this.#now()), { ...address, id });
    if (this.#down) return;
    const refusal = this.#history(judged);
    if (refusal !== null) {
      refusal.manifestSha256 = judged.manifestSha256;
      throw refusal;
    }
    if (this.#fault?.kind === 'answer') {
      const { state, code } = this.#fault;
      return this.#send({ packetId: id, ...address, state, code, manifestSha256: judged.manifestSha256 });
    }
    await this.#accept(address, judged, container, containerSha256);
  }

  /** What only the backend's memory can tell of a packet. */
  #history({ manifest, manifestSha256 }: JudgedPacket): SealedError | null {
    const { packetId, office, kiosk, sequence } = manifest;
    const known = this.#store.find(packetId);
    if (known !== null)
      return new SealedError('packet_conflict', known.manifestSha256 === manifestSha256 ? 'resealed' : '');
    if (this.#store.hasSequence(office, kiosk, sequence)) return new SealedError('sequence_reused');
    const window = this.#options.sequenceWindow ?? SEQUENCE_WINDOW;
    if (sequence < this.#store.highestSequence(office, kiosk) - window)
      return new SealedError('sequence_old');
    return null;
  }

  async #accept(
    address: KioskAddress,
    { manifest, manifestSha256 }: JudgedPacket,
    container: Uint8Array,
    containerSha256: string,
  ): Promise<void> {
    const { packetId, boot, sequence } = manifest;
    const bytes = container.length;
    const acceptedAt = this.#now().toISOString();
    const packet = {
      packetId,
      ...address,
      boot,
      sequence,
      manifestSha256,
      containerSha256,
      bytes,
      acceptedAt,
    };
    const killAt = this.#fault?.kind === 'kill' ? this.#fault.at : null;
    if (killAt === 'before-commit') return this.#strike();
    this.#store.add(packet, this.#options.keepContainers === false ? null : container);
    if (killAt === 'after-commit') return this.#strike();
    this.#log({ event: 'accepted', ...address, packetId, bytes });
    await this.#acknowledge(address, packet, false);
    this.#waiters.wake();
  }

  #strike(): void {
    this.kill();
    this.#options.onKill?.();
  }

  async #acknowledge(address: KioskAddress, packet: StoredPacket, repeated: boolean): Promise<void> {
    if (this.#fault?.kind === 'drop-first-receipts' && !repeated) return;
    const { packetId, manifestSha256 } = packet;
    for (const state of ['received', 'verified', 'accepted'] as const)
      await this.#send({ packetId, ...address, state, manifestSha256 });
  }

  async #refuse(address: KioskAddress, packetId: string | null, error: SealedError): Promise<void> {
    const { code, manifestSha256 } = error;
    if (packetId !== null && !PASSING.includes(code))
      this.#gaps.done(keyOf(topicOf(address, 'packet'), packetId));
    this.#refusals.push({ ...address, packetId, code });
    if (this.#refusals.length > MAX_REFUSALS) this.#refusals.shift();
    this.#log({ event: 'refused', ...address, packetId, code, detail: error.message });
    if (packetId !== null && !PASSING.includes(code))
      await this.#send({ packetId, ...address, state: 'rejected', code, manifestSha256 });
    this.#waiters.wake();
  }

  async #send(word: ReceiptWord): Promise<void> {
    const fault = this.#fault?.kind;
    if (fault === 'silent') return;
    const signer = fault === 'forged-receipts' ? forgedSigner(this.#keys.signer) : this.#keys.signer;
    const jws = await writeReceipt(word, signer, this.#receiptSchema, this.#now());
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

  #watch(topic: string, address: KioskAddress, id: string): void {
    this.#gaps.watch(keyOf(topic, id), () => {
      this.#work = this.#work.then(() => this.#askAgain(topic, address, id));
    });
  }

  async #askAgain(topic: string, address: KioskAddress, id: string): Promise<void> {
    const missing = this.#reassembly.missing(topic, id);
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
    const context = { ...this.#context(new Date(packet.acceptedAt)), trust: { root: this.#keys.root } };
    const { manifest, blobs } = await judgePacket(container, context, null);
    return {
      ...packet,
      manifest,
      blobs: [...blobs].map(([name, bytes]) => ({ name, bytes: bytes.length })),
      receiptStates,
    };
  }

  #context(at: Date): JudgeContext {
    const { root, keys } = this.#keys;
    return { keys, trust: { root, revoked: this.#options.revoked ?? [] }, schema: this.#packetSchema, at };
  }

  #now(): Date {
    return this.#options.clock?.() ?? new Date();
  }

  #log(entry: BackendLogEntry): void {
    this.#options.log?.(entry);
  }
}

const keyOf = (topic: string, id: string): string => `${topic} ${id}`;

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
