import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JWK } from 'jose';
import type { MqttClient } from 'mqtt';
import { cutContainer } from '../../backend/sealed/chunk.ts';
import { SealedError } from '../../backend/sealed/error.ts';
import { forgedSigner } from '../../backend/sealed/jws.ts';
import { loadServiceKeys, type ServiceKeyFiles, type ServiceKeys } from '../../backend/sealed/keys.ts';
import { Reassembly } from '../../backend/sealed/reassembly.ts';
import { contractSchema } from '../../backend/sealed/schemas.ts';
import { type BrokerAccess, connectClient, disconnectClient } from '../broker/client.ts';
import { addressOf, type KioskAddress, subscribeAll, topicOf } from '../broker/topics.ts';
import { type AnswerTools, type RecordRequest, readRequest, writeAnswer } from './answer.ts';
import { type ImmigrationRecord, RecordStore } from './records.ts';
import { type SyncRequest, writePage } from './sync.ts';

/** What a simulated registry does wrong, one thing at a time. */
export type RegistryFault =
  /** Never answers. */
  | { readonly kind: 'silent' }
  /** Answers late. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Signs with a key that its certificate does not speak for. */
  | { readonly kind: 'forged-signature' }
  /** Seals the answer to a key that nobody has. */
  | { readonly kind: 'wrong-recipient' }
  /** Sends noise in well-formed chunks. */
  | { readonly kind: 'garbage' }
  /** Signs for other records than it sends. */
  | { readonly kind: 'wrong-root' };

/** What a registry tells of its work. Never a name, a number of a document or a biometric. */
export interface RegistryLogEntry extends KioskAddress {
  /** `withheld`: a fault keeps the answer back, for good or for a while. */
  readonly event: 'answered' | 'refused' | 'withheld';
  readonly requestId: string | null;
  readonly state?: string;
  readonly code?: string;
  readonly detail?: string;
}

export interface RegistryOptions {
  readonly broker: BrokerAccess;
  readonly keys: ServiceKeyFiles;
  readonly records?: readonly ImmigrationRecord[];
  readonly fault?: RegistryFault | null;
  readonly clock?: () => Date;
  readonly clientId?: string;
  /** Largest chunk body sent, bytes. */
  readonly chunkBytes?: number;
  /** Most changes in one answer, and most bytes of references. */
  readonly pageLimits?: { readonly records: number; readonly bytes: number };
  readonly revoked?: readonly string[];
  readonly log?: (entry: RegistryLogEntry) => void;
}

/** Well below the 256 KiB that brokers in the field are commonly limited to. */
const CHUNK_BYTES = 128 << 10;
/** Changes in one answer. */
const PAGE_LIMITS = { records: 64, bytes: 4 << 20 };
/** A request is a page of text: whatever is larger is not one. */
const REQUEST_LIMITS = { messageBytes: 64 << 10, totalBytes: 4 << 20, messages: 256, idleMs: 30_000 };

/** What can be asked. */
const KINDS = [
  {
    type: 'vantay.record-request',
    request: 'record/request',
    answer: 'record/answer',
    requestSchema: contractSchema('record-request'),
    answerSchema: contractSchema('record-answer'),
  },
  {
    type: 'vantay.sync-request',
    request: 'record/sync/request',
    answer: 'record/sync/answer',
    requestSchema: contractSchema('sync-request'),
    answerSchema: contractSchema('sync-answer'),
  },
] as const;
type Kind = (typeof KINDS)[number];

/** The simulated National Immigration Database: answers kiosks' questions about claimed identities. */
export class SimulatedRegistry implements AsyncDisposable {
  readonly #options: RegistryOptions;
  readonly #client: MqttClient;
  readonly #keys: ServiceKeys;
  /** Kiosks that keep records, by their topics: they are told when there is something new. */
  readonly #followers = new Map<string, KioskAddress>();
  readonly #records = new RecordStore();
  readonly #reassembly = new Reassembly(REQUEST_LIMITS);
  readonly #answering = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #fault: RegistryFault | null;

  constructor(options: RegistryOptions, client: MqttClient) {
    this.#options = options;
    this.#client = client;
    this.#keys = loadServiceKeys(options.keys);
    this.#fault = options.fault ?? null;
    for (const record of options.records ?? []) this.addRecord(record);
    client.on('message', (topic, payload) => {
      const answering = this.#take(topic, payload).finally(() => this.#answering.delete(answering));
      this.#answering.add(answering);
    });
  }

  addRecord(record: ImmigrationRecord): void {
    this.#records.add(record);
    this.#tellFollowers();
  }

  deleteRecord(recordId: string): void {
    this.#records.delete(recordId);
    this.#tellFollowers();
  }

  setFault(fault: RegistryFault | null): void {
    this.#fault = fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#answering);
    await disconnectClient(this.#client);
  }

  async #take(topic: string, payload: Uint8Array): Promise<void> {
    const kind = KINDS.find(({ request }) => addressOf(topic, request) !== null);
    const address = kind && addressOf(topic, kind.request);
    if (!kind || !address) return;
    let requestId: string | null = null;
    try {
      const part = this.#reassembly.accept(topic, payload);
      requestId = part.id;
      if (part.kind === 'complete') await this.#answer(kind, address, part.id, part.container);
    } catch (error) {
      // Who cannot prove to be a kiosk learns nothing, not even that.
      if (error instanceof SealedError)
        this.#log({ event: 'refused', ...address, requestId, code: error.code, detail: error.message });
      else if (!this.#stop.signal.aborted) throw error;
    }
  }

  async #answer(kind: Kind, address: KioskAddress, id: string, container: Uint8Array): Promise<void> {
    const now = this.#now();
    const { root, keys } = this.#keys;
    const trust = { root, revoked: this.#options.revoked ?? [] };
    const request = await readRequest<RecordRequest & SyncRequest>(
      container,
      { keys, trust, schema: kind.requestSchema, at: now, type: kind.type },
      { ...address, id },
    );
    const fault = this.#fault;
    if (fault?.kind === 'silent' || fault?.kind === 'slow')
      this.#log({ event: 'withheld', ...address, requestId: id });
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'slow') await sleep(fault.delayMs, undefined, { signal: this.#stop.signal });
    const tools: AnswerTools = {
      signer: fault?.kind === 'forged-signature' ? forgedSigner(this.#keys.signer) : this.#keys.signer,
      schema: kind.answerSchema,
      now,
      ...(fault?.kind === 'wrong-recipient' && { recipient: strangersKey() }),
    };
    const { state, answer } = await this.#say(kind, request, tools);
    const sent = fault?.kind === 'garbage' ? randomBytes(answer.length) : answer;
    for (const chunk of cutContainer(id, sent, this.#options.chunkBytes ?? CHUNK_BYTES))
      this.#client.publish(topicOf(address, kind.answer), Buffer.from(chunk), { qos: 1 }, () => undefined);
    this.#log({ event: 'answered', ...address, requestId: id, state });
  }

  async #say(kind: Kind, request: RecordRequest & SyncRequest, tools: AnswerTools) {
    if (kind.request === 'record/request') {
      const finding = this.#records.find(request.claim);
      return { state: finding.state, answer: await writeAnswer(request, finding, tools) };
    }
    const { office, kiosk } = request;
    this.#followers.set(`${office}/${kiosk}`, { office, kiosk });
    const page = this.#records.changesAfter(request.have, this.#options.pageLimits ?? PAGE_LIMITS);
    const root = page.root && this.#fault?.kind === 'wrong-root' ? 'f'.repeat(64) : page.root;
    const answer = await writePage(request, { ...page, root }, tools);
    return { state: root === null ? 'more' : 'complete', answer };
  }

  #tellFollowers(): void {
    const notice = JSON.stringify({ type: 'vantay.sync-notice', schemaVersion: 1 });
    for (const address of this.#followers.values())
      this.#client.publish(topicOf(address, 'record/sync/notice'), notice, { qos: 1 }, () => undefined);
  }

  #now(): Date {
    return this.#options.clock?.() ?? new Date();
  }

  #log(entry: RegistryLogEntry): void {
    this.#options.log?.(entry);
  }
}

const strangersKey = (): JWK => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...(publicKey.export({ format: 'jwk' }) as JWK), kid: 'nobody' };
};

/** Connects, subscribes to the requests of all kiosks and starts to answer. */
export async function startRegistry(
  options: RegistryOptions,
  signal?: AbortSignal,
): Promise<SimulatedRegistry> {
  const client = await connectClient(options.broker, options.clientId ?? 'simulated-registry', signal);
  try {
    const registry = new SimulatedRegistry(options, client);
    for (const { request } of KINDS) await subscribeAll(client, request);
    return registry;
  } catch (error) {
    client.end(true);
    throw error;
  }
}
