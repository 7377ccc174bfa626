import { RefusalJournal } from '../audit/refusals.ts';
import { type Command, type DeviceState, type Health, TOPICS, topicOf } from '../contract/uplink.ts';
import type { Pulse } from '../ops/pulse.ts';
import type { Outbox } from '../outbox/types.ts';
import type { Trust } from '../packet/certificates.ts';
import { verifyReceipt } from '../packet/receipt.ts';
import type { ClearBlob } from '../packet/seal.ts';
import type { Recipient, Signer } from '../packet/signer.ts';
import { CommandDesk } from './commands.ts';
import { type BackOff, Connection } from './connection.ts';
import { UplinkError } from './errors.ts';
import type { Dial, KioskName, UplinkClock, UplinkLog } from './ports.ts';
import { Presence } from './presence.ts';
import { type DeliverySettings, type PacketFate, PacketPublisher } from './publisher.ts';
import { type Asked, RegistryClient, type Reply } from './registry.ts';

/** What an uplink is made of. */
export interface UplinkOptions {
  readonly dial: Dial;
  readonly outbox: Outbox;
  readonly self: KioskName & { readonly boot: number; readonly agentVersion: string };
  readonly keys: {
    readonly signer: Signer;
    readonly trust: Trust;
    /** Whom record requests are sealed to. */
    readonly registry: Recipient;
    /** Whom searches are sealed to; null where no record server is asked. */
    readonly recordServer?: Recipient | null;
  };
  /** Longest wait for a record, milliseconds. */
  readonly lookupTimeoutMs: number;
  /** Makes UUIDs of version 7. */
  newId(): string;
  readonly clock: UplinkClock;
  readonly log: UplinkLog;
  readonly reconnect?: BackOff;
  readonly delivery?: Partial<DeliverySettings>;
}

export type RecordsCommand = Extract<Command['name'], 'sync-records' | 'wipe-records' | 'rotate-records-key'>;

/** Who keeps records on this kiosk. */
export interface RecordsKeeper {
  /** There may be changes to ask for; nobody signed for that. */
  notice(): void;
  /** A signed order. Rejects when it cannot be carried out. */
  command(name: RecordsCommand): Promise<void>;
}

const RECONNECT: BackOff = { firstMs: 500, maximumMs: 30_000 };
const DELIVERY: DeliverySettings = {
  window: 1,
  drainWindow: 8,
  receiptTimeoutMs: 20_000,
  verifyTimeoutMs: 60_000,
  maxResends: 5,
  backOff: { firstMs: 2_000, maximumMs: 120_000 },
};
/** Levels of a topic that name the protocol and the kiosk: `vantay/1/<office>/<kiosk>`. */
const KIOSK_LEVELS = 4;
/** Longest JWS that is looked at, bytes: a receipt with its chain is about 3 KB. */
const MAX_JWS_BYTES = 64 * 1024;
/** Messages waiting to be looked at; beyond, new ones are dropped and will come again. */
const MAX_BACKLOG = 1_000;

/** Ends of a connection that speak of a second machine under this kiosk's name, and what the audit chain calls them. */
const CONTESTED: Readonly<Record<string, 'name_taken_over' | 'name_contested'>> = {
  UPLINK_TAKEN_OVER: 'name_taken_over',
  UPLINK_UNSTABLE: 'name_contested',
};

/**
 * The kiosk's line to the world: keeps the connection, says who is there, delivers the outbox, asks for records, and
 * carries out commands. Constructed stopped; `start` begins.
 */
export class Uplink implements AsyncDisposable {
  readonly #log: UplinkLog;
  readonly #presence: Presence;
  readonly #connection: Connection;
  readonly #publisher: PacketPublisher;
  readonly #registry: RegistryClient;
  readonly #routes: ReadonlyMap<string, (payload: Uint8Array) => Promise<void>>;
  readonly #refusals: RefusalJournal;
  readonly #stop = new AbortController();
  readonly #dropped = new Map<string, number>();
  readonly #listeners = new Set<(online: boolean) => void>();
  /** Messages are handled one after the other, in the order they came. */
  #tail: Promise<void> = Promise.resolve();
  #backlog = 0;
  #keeper: RecordsKeeper | null = null;
  /** Why the last connection ended. */
  #lastEnd: string | null = null;

  constructor(options: UplinkOptions) {
    const { dial, outbox, self, keys, clock, log } = options;
    const name: KioskName = { office: self.office, kiosk: self.kiosk };
    const topic = (one: (typeof TOPICS)[keyof typeof TOPICS]) => topicOf(self.office, self.kiosk, one);
    const forKeeper = new Set([topic(TOPICS.syncAnswer), topic(TOPICS.syncNotice)]);
    this.#log = log;
    this.#refusals = new RefusalJournal(outbox);
    this.#presence = new Presence(self, () => clock.now());
    this.#connection = new Connection({
      dial,
      clock,
      log,
      backOff: options.reconnect ?? RECONNECT,
      request: () => ({
        clientId: `vantay-${self.office}-${self.kiosk}`,
        will: this.#presence.state('offline'),
        // A broker's access list need not know topics that this kiosk has no use for.
        subscriptions: [...this.#routes.keys()].filter(one => this.#keeper !== null || !forKeeper.has(one)),
        onMessage: (on, payload) => this.#receive(on, payload),
      }),
      birth: async publish => {
        for (const { topic, payload } of [this.#presence.state('online'), this.#presence.devices()]) {
          await publish(topic, payload);
        }
      },
      farewell: async publish => {
        const { topic, payload } = this.#presence.state('stopped');
        await publish(topic, payload);
      },
      onChange: () => this.#changed(),
      onEnd: code => {
        const event = CONTESTED[code];
        // Once for a row of them: two machines can fight over a name for days.
        if (event !== undefined && code !== this.#lastEnd)
          outbox.record({ event }).catch((error: unknown) => log.warn({ err: error }, 'audit'));
        this.#lastEnd = code;
      },
    });
    this.#publisher = new PacketPublisher({
      connection: this.#connection,
      outbox,
      topic: topic(TOPICS.packet),
      settings: { ...DELIVERY, ...options.delivery },
      onReplay: () => this.#refusals.note(TOPICS.receipt, 'RECEIPT_REPLAYED'),
      clock,
      log,
    });
    this.#registry = new RegistryClient({
      connection: this.#connection,
      self: name,
      signer: keys.signer,
      trust: keys.trust,
      peers: {
        'vantay.record-request': { topic: topic(TOPICS.recordRequest), recipient: keys.registry },
        'vantay.sync-request': { topic: topic(TOPICS.syncRequest), recipient: keys.registry },
        ...(keys.recordServer && {
          'vantay.identify-request': { topic: topic(TOPICS.identifyRequest), recipient: keys.recordServer },
        }),
      },
      timeoutMs: options.lookupTimeoutMs,
      newId: options.newId,
      clock,
    });
    const desk = new CommandDesk({
      trust: keys.trust,
      self: name,
      now: () => clock.now(),
      memory: outbox,
      handlers: {
        ping: async () => {},
        'resend-states': signal => this.#publishStates(signal),
        'sync-records': () => this.#about('sync-records'),
        'wipe-records': () => this.#about('wipe-records'),
        'rotate-records-key': () => this.#about('rotate-records-key'),
      },
    });
    const answer = (payload: Uint8Array) => this.#registry.answerChunk(payload);
    this.#routes = new Map<string, (payload: Uint8Array) => Promise<void>>([
      [
        topic(TOPICS.receipt),
        payload =>
          this.#publisher.receipt(
            verifyReceipt(text(payload), { trust: keys.trust, now: clock.now() }, name),
          ),
      ],
      [topic(TOPICS.recordAnswer), answer],
      [topic(TOPICS.syncAnswer), answer],
      ...(keys.recordServer ? ([[topic(TOPICS.identifyAnswer), answer]] as const) : []),
      [topic(TOPICS.syncNotice), async () => void this.#keeper?.notice()],
      [
        topic(TOPICS.command),
        async payload => {
          const answer = await desk.carryOut(text(payload), this.#stop.signal);
          const options = { retain: false, signal: this.#stop.signal };
          await this.#connection.publish(topic(TOPICS.commandAnswer), JSON.stringify(answer), options);
        },
      ],
    ]);
  }

  start(): void {
    this.#connection.start();
    this.#publisher.start();
  }

  /** Whether there is a connection to the broker now. */
  get online(): boolean {
    return this.#connection.session !== null;
  }

  /** Whether the line still tries to be there. */
  get pulse(): Pulse {
    return this.#connection.pulse;
  }

  /** Messages that were refused, by code. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped;
  }

  /** Calls back when the kiosk goes online or offline; returns how to stop it. */
  onOnline(listener: (online: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for the record behind a claim. Never rejects because of the network; rejects with the signal's reason. */
  requestRecord(
    claim: Asked<'vantay.record-request'>['claim'],
    signal: AbortSignal,
  ): Promise<Reply<'vantay.record-request'>> {
    return this.#registry.request('vantay.record-request', { claim }, signal);
  }

  /** Asks for the next changes of the kept records. As {@link requestRecord}. */
  requestChanges(
    have: Asked<'vantay.sync-request'>['have'],
    signal: AbortSignal,
  ): Promise<Reply<'vantay.sync-request'>> {
    return this.#registry.request('vantay.sync-request', { have }, signal);
  }

  /** Asks the office's record server who somebody may be. As {@link requestRecord}. */
  requestSearch(
    asked: Asked<'vantay.identify-request'>,
    options: { readonly blobs: readonly ClearBlob[]; readonly timeoutMs: number },
    signal: AbortSignal,
  ): Promise<Reply<'vantay.identify-request'>> {
    return this.#registry.request('vantay.identify-request', asked, signal, options);
  }

  /** Who keeps records: told of what the registry and the backend want of them. To be set before `start`. */
  set keeper(keeper: RecordsKeeper | null) {
    this.#keeper = keeper;
  }

  /** What became of a packet in the outbox, waiting at most `timeoutMs`; `pending` when it is still on its way. */
  fateOf(packetId: string, timeoutMs: number, signal: AbortSignal): Promise<PacketFate> {
    return this.#publisher.fateOf(packetId, timeoutMs, signal);
  }

  /** Remembers the devices' states and publishes them, now if there is a connection, else with the next one. */
  async publishDevices(devices: readonly DeviceState[]): Promise<void> {
    this.#presence.setDevices(devices);
    await this.#tell(this.#presence.devices(), true);
  }

  /** Publishes the health of now; lost when there is no connection, since the next one says more. */
  async publishHealth(measured: Omit<Health, 'type' | 'schemaVersion' | 'boot' | 'at'>): Promise<void> {
    await this.#tell(this.#presence.health(measured), false);
  }

  /** Stops delivering, says `stopped`, and closes the connection. What is undelivered stays in the outbox. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    await this.#publisher[Symbol.asyncDispose]();
    await this.#connection[Symbol.asyncDispose]();
    this.#stop.abort(new UplinkError('UPLINK_OFFLINE', 'the uplink is closed'));
    await this.#tail;
    await this.#refusals[Symbol.asyncDispose]();
  }

  async #about(command: RecordsCommand): Promise<void> {
    if (!this.#keeper) throw new Error('no records are kept here');
    await this.#keeper.command(command);
  }

  async #publishStates(signal: AbortSignal): Promise<void> {
    for (const { topic, payload } of [this.#presence.state('online'), this.#presence.devices()]) {
      await this.#connection.publish(topic, payload, { retain: true, signal });
    }
  }

  async #tell(message: { topic: string; payload: string }, retain: boolean): Promise<void> {
    if (!this.online) return;
    try {
      await this.#connection.publish(message.topic, message.payload, { retain, signal: this.#stop.signal });
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
    }
  }

  #changed(): void {
    this.#publisher.connectionChanged();
    for (const listener of this.#listeners) listener(this.online);
  }

  #receive(topic: string, payload: Uint8Array): void {
    const route = this.#routes.get(topic);
    if (route === undefined || this.#backlog >= MAX_BACKLOG) {
      this.#drop(topic, route === undefined ? 'UNEXPECTED_TOPIC' : 'BACKLOG');
      return;
    }
    this.#backlog += 1;
    this.#tail = this.#tail
      .then(() => route(payload))
      .catch((error: unknown) =>
        this.#drop(topic, String((error as { code?: unknown }).code ?? 'UNEXPECTED')),
      )
      .finally(() => {
        this.#backlog -= 1;
      });
  }

  /** Counts and names a message that changed nothing; never shows what it said. */
  #drop(topic: string, code: string): void {
    this.#dropped.set(code, (this.#dropped.get(code) ?? 0) + 1);
    this.#log.warn({ topic, code }, 'message refused');
    void this.#refusals.note(topic.split('/').slice(KIOSK_LEVELS).join('/').slice(0, 32), code);
  }
}

/** The text of a JWS; one that is too long is cut, and so refused. */
const text = (payload: Uint8Array): string =>
  Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, MAX_JWS_BYTES)).toString('latin1');
