/** A record server of one office: kiosks ask it who somebody may be. The reference for whoever builds a real one. */
import type { MqttClient } from 'mqtt';
import { cutContainer } from '../../backend/sealed/chunk.ts';
import { SealedError } from '../../backend/sealed/error.ts';
import { forgedSigner } from '../../backend/sealed/jws.ts';
import { loadServiceKeys, type ServiceKeyFiles, type ServiceKeys } from '../../backend/sealed/keys.ts';
import { Reassembly } from '../../backend/sealed/reassembly.ts';
import { contractSchema } from '../../backend/sealed/schemas.ts';
import { type BrokerAccess, connectClient, disconnectClient } from '../broker/client.ts';
import { addressOf, type KioskAddress, subscribeAll, topicOf } from '../broker/topics.ts';
import { type Question, readQuestion, writeFindings } from './answer.ts';
import { type OfficeRecord, OfficeRecords } from './records.ts';

/** What a simulated record server does wrong, one thing at a time. */
export type RecordServerFault =
  /** Never answers. */
  | { readonly kind: 'silent' }
  /** Signs with a key that its certificate does not speak for. */
  | { readonly kind: 'forged-signature' }
  /** Sends templates that are none. */
  | { readonly kind: 'broken-templates' };

/** What a record server tells of its work. Never a name, a number of a document or a biometric. */
export interface RecordServerLogEntry extends KioskAddress {
  readonly event: 'answered' | 'refused' | 'withheld';
  readonly requestId: string | null;
  readonly code?: string;
}

export interface RecordServerOptions {
  readonly broker: BrokerAccess;
  readonly keys: ServiceKeyFiles;
  /** Whose kiosks it answers. */
  readonly office: string;
  /** SHA-256 of the models that its records' templates were made with, as kiosks name them. */
  readonly models: readonly string[];
  readonly records?: readonly OfficeRecord[];
  readonly clientId?: string;
  readonly log?: (entry: RecordServerLogEntry) => void;
}

/** Below the 256 KiB that brokers in the field are commonly limited to. */
const CHUNK_BYTES = 128 << 10;
/** A face and ten fingers are below 64 KiB. */
const REQUEST_LIMITS = { messageBytes: 256 << 10, totalBytes: 8 << 20, messages: 256, idleMs: 30_000 };
const TYPE = 'vantay.identify-request';
const REQUEST_SCHEMA = contractSchema('identify-request');
const ANSWER_SCHEMA = contractSchema('identify-answer');

export class SimulatedRecordServer implements AsyncDisposable {
  readonly #options: RecordServerOptions;
  readonly #client: MqttClient;
  readonly #keys: ServiceKeys;
  readonly #records = new OfficeRecords();
  readonly #reassembly = new Reassembly(REQUEST_LIMITS);
  readonly #answering = new Set<Promise<void>>();
  #fault: RecordServerFault | null = null;

  constructor(options: RecordServerOptions, client: MqttClient) {
    this.#options = options;
    this.#client = client;
    this.#keys = loadServiceKeys(options.keys);
    for (const record of options.records ?? []) this.#records.put(record);
    client.on('message', (topic, payload) => {
      const answering = this.#take(topic, payload).finally(() => this.#answering.delete(answering));
      this.#answering.add(answering);
    });
  }

  put(record: OfficeRecord): void {
    this.#records.put(record);
  }

  remove(recordId: string): void {
    this.#records.remove(recordId);
  }

  setFault(fault: RecordServerFault | null): void {
    this.#fault = fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#answering);
    await disconnectClient(this.#client);
    this.#records[Symbol.dispose]();
  }

  async #take(topic: string, payload: Uint8Array): Promise<void> {
    const address = addressOf(topic, 'record/identify/request');
    if (address?.office !== this.#options.office) return;
    let requestId: string | null = null;
    try {
      const part = this.#reassembly.accept(topic, payload);
      requestId = part.id;
      if (part.kind === 'complete') await this.#answer(address, part.id, part.container);
    } catch (error) {
      // Who cannot prove to be a kiosk learns nothing, not even that.
      if (!(error instanceof SealedError)) throw error;
      this.#options.log?.({ event: 'refused', ...address, requestId, code: error.code });
    }
  }

  async #answer(address: KioskAddress, id: string, container: Uint8Array): Promise<void> {
    const { root, keys, signer } = this.#keys;
    const now = new Date();
    const question = await readQuestion(
      container,
      { keys, trust: { root }, schema: REQUEST_SCHEMA, at: now, type: TYPE },
      { ...address, id },
    );
    const fault = this.#fault?.kind;
    if (fault === 'silent') return this.#options.log?.({ event: 'withheld', ...address, requestId: id });
    const answer = await writeFindings(question.request, this.#findingsOf(question), {
      signer: fault === 'forged-signature' ? forgedSigner(signer) : signer,
      schema: ANSWER_SCHEMA,
      now,
    });
    for (const chunk of cutContainer(id, answer, CHUNK_BYTES))
      this.#client.publish(
        topicOf(address, 'record/identify/answer'),
        Buffer.from(chunk),
        { qos: 1 },
        () => undefined,
      );
    this.#options.log?.({ event: 'answered', ...address, requestId: id });
  }

  #findingsOf({ request, probe }: Question) {
    const named = request.models.map(({ sha256 }) => sha256);
    if (!this.#options.models.every(model => named.includes(model))) return null;
    const candidates = this.#records.likeliest(probe, request.wanted);
    const broken = this.#fault?.kind === 'broken-templates';
    return {
      size: this.#records.size,
      modalities: [...(probe.face ? ['face'] : []), ...(probe.fingers.length > 0 ? ['finger'] : [])],
      candidates: broken ? candidates.map(withBrokenTemplates) : candidates,
    };
  }
}

const withBrokenTemplates = <C extends { readonly record: OfficeRecord }>(candidate: C): C => ({
  ...candidate,
  record: {
    ...candidate.record,
    fingers: [{ position: 'right_index', template: new Uint8Array(100) }],
  },
});

/** Connects, subscribes to the searches of the office's kiosks and starts to answer. */
export async function startRecordServer(
  options: RecordServerOptions,
  signal?: AbortSignal,
): Promise<SimulatedRecordServer> {
  const client = await connectClient(options.broker, options.clientId ?? 'simulated-record-server', signal);
  try {
    const server = new SimulatedRecordServer(options, client);
    await subscribeAll(client, 'record/identify/request', options.office);
    return server;
  } catch (error) {
    client.end(true);
    throw error;
  }
}
