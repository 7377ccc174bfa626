import { SCHEMA_VERSION } from '../contract/common.ts';
import type { Trust } from '../packet/certificates.ts';
import { decodeChunk } from '../packet/chunk.ts';
import { PacketError } from '../packet/errors.ts';
import type { ManifestOf } from '../packet/message.ts';
import { openSealed } from '../packet/open.ts';
import { Reassembly } from '../packet/reassembly.ts';
import { type ClearBlob, type ManifestDraft, seal } from '../packet/seal.ts';
import { type DecryptionKey, makeAnswerKey, type Recipient, type Signer } from '../packet/signer.ts';
import type { Connection } from './connection.ts';
import { withDeadline } from './deadline.ts';
import { UplinkError } from './errors.ts';
import type { KioskName, UplinkClock } from './ports.ts';
import { sendContainer } from './sender.ts';

type Common = 'type' | 'schemaVersion' | 'requestId' | 'office' | 'kiosk' | 'createdAt';
/** What can be asked: a request's type, with the type of its answer. */
interface Kinds {
  'vantay.record-request': 'vantay.record-answer';
  'vantay.sync-request': 'vantay.sync-answer';
  'vantay.identify-request': 'vantay.identify-answer';
}
type RequestType = keyof Kinds;

/** What a question says besides who asks, and when. */
export type Asked<T extends RequestType> = Omit<ManifestOf<T>, Common | 'answerKey' | 'contentKey' | 'blobs'>;

/**
 * The registry's answer, or why there is none. offline: no connection. timeout: nobody answered. refused: answers came,
 * but none was genuine.
 */
export type Reply<T extends RequestType> =
  | {
      readonly kind: 'answer';
      readonly answer: ManifestOf<Kinds[T]>;
      /** Clear bytes of the references, by blob name. */
      readonly blobs: ReadonlyMap<string, Uint8Array>;
    }
  | { readonly kind: 'unavailable'; readonly reason: 'offline' | 'timeout' | 'refused' };

/** Bounds on unfinished answers: a record of a face and ten fingers is below 4 MiB, a page of changes below 8. */
const REASSEMBLY = { maxBytes: 32 * 1024 * 1024, maxMessages: 4, maxAgeMs: 120_000 };
/** How long a request waits for a connection that is just being made, milliseconds. */
const OFFLINE_GRACE_MS = 2_000;

type AnyReply = { [T in RequestType]: Reply<T> }[RequestType];

interface Request {
  readonly key: DecryptionKey;
  readonly answerType: Kinds[RequestType];
  readonly answered: PromiseWithResolvers<AnyReply>;
  refused: boolean;
}

const ANSWERS: Kinds = {
  'vantay.record-request': 'vantay.record-answer',
  'vantay.sync-request': 'vantay.sync-answer',
  'vantay.identify-request': 'vantay.identify-answer',
};

/** Asks registry and record server, and believes only answers that are sealed to the asking request and signed by whom it asked. */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #requests = new Map<string, Request>();
  readonly #reassembly = new Reassembly(REASSEMBLY);

  constructor(options: RegistryClientOptions) {
    this.#options = options;
  }

  /** Never rejects because of the network; rejects with the signal's reason when aborted. */
  async request<T extends RequestType>(
    type: T,
    asked: Asked<T>,
    signal: AbortSignal,
    { blobs = [], timeoutMs = this.#options.timeoutMs }: AskOptions = {},
  ): Promise<Reply<T>> {
    const { clock, self, signer, newId } = this.#options;
    const { topic, recipient } = this.#options.peers[type] ?? {};
    if (!topic || !recipient) return { kind: 'unavailable', reason: 'offline' };
    const { answerKey, decryptionKey } = await makeAnswerKey();
    // Held to the schema of its type when it is sealed.
    const draft = {
      ...asked,
      type,
      schemaVersion: SCHEMA_VERSION,
      requestId: newId(),
      ...self,
      createdAt: clock.now().toISOString(),
      answerKey,
    };
    const { id, container } = await seal(draft as unknown as ManifestDraft, blobs, signer, recipient);
    const answerType = ANSWERS[type];
    const answered = Promise.withResolvers<AnyReply>();
    const request: Request = { key: decryptionKey, answerType, answered, refused: false };
    this.#requests.set(id, request);
    let online = false;
    try {
      return await withDeadline(clock, timeoutMs, signal, async both => {
        await withDeadline(clock, OFFLINE_GRACE_MS, both, inner => this.#options.connection.ready(inner));
        online = true;
        // What answers a request is of the type that was noted with it.
        return (await this.#ask(topic, { id, container }, request, both)) as Reply<T>;
      });
    } catch (error) {
      if (signal.aborted || !(error instanceof UplinkError)) throw error;
      const reason = request.refused ? 'refused' : online ? 'timeout' : 'offline';
      return { kind: 'unavailable', reason };
    } finally {
      this.#requests.delete(id);
      this.#reassembly.forget(id);
    }
  }

  /**
   * Takes one message of an answer topic.
   * @throws PacketError; the message has then changed nothing
   */
  async answerChunk(message: Uint8Array): Promise<void> {
    const { clock, trust, self } = this.#options;
    const chunk = decodeChunk(message);
    const request = this.#requests.get(chunk.id);
    if (request === undefined) throw new PacketError('PACKET_WRONG_ID', 'answers nothing that was asked');
    try {
      const whole = this.#reassembly.take(chunk, clock.monotonicMs());
      if (whole === null) return;
      const opened = await openSealed(
        whole.container,
        { keys: [request.key], trust, now: clock.now() },
        { type: request.answerType, kiosk: self, id: chunk.id },
      );
      const { manifest: answer, blobs } = opened;
      request.answered.resolve({ kind: 'answer', answer, blobs } as AnyReply);
    } catch (error) {
      request.refused = true;
      throw error;
    }
  }

  /** Sends and waits, again on each new connection: the answer to a lost one may have been lost with it. */
  async #ask(
    topic: string,
    message: { readonly id: string; readonly container: Uint8Array },
    request: Request,
    signal: AbortSignal,
  ): Promise<AnyReply> {
    const { connection } = this.#options;
    for (;;) {
      const session = await connection.ready(signal);
      try {
        await sendContainer(connection, topic, message, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof UplinkError)) throw error;
        // A broken connection is noticed a little later than its errors; without a pause the loop would spin on it.
        await this.#options.clock.sleep(SEND_PAUSE_MS, signal);
        continue;
      }
      const answer = await Promise.race([request.answered.promise, connection.lost(session, signal)]);
      if (answer !== null) return answer;
      await this.#options.clock.sleep(SEND_PAUSE_MS, signal);
    }
  }
}

/** What a question may bring along, and how long its answer is waited for. */
interface AskOptions {
  readonly blobs?: readonly ClearBlob[];
  readonly timeoutMs?: number;
}

/** Where a question goes. */
interface Peer {
  /** Full topic of the request. */
  readonly topic: string;
  /** Whom it is sealed to. */
  readonly recipient: Recipient;
}

/** Pause before a request is sent again after a failure, milliseconds. */
const SEND_PAUSE_MS = 250;

export interface RegistryClientOptions {
  readonly connection: Connection;
  readonly self: KioskName;
  readonly signer: Signer;
  readonly trust: Trust;
  /** Whom each request is for; a request without one gets no answer. */
  readonly peers: Readonly<Partial<Record<RequestType, Peer>>>;
  /** Unless a question says otherwise. */
  readonly timeoutMs: number;
  /** Makes UUIDs of version 7. */
  newId(): string;
  readonly clock: UplinkClock;
}
