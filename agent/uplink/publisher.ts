import type { Receipt } from '../contract/packet.ts';
import type { Outbox, PacketRow } from '../outbox/types.ts';
import { requireReceiptOf } from '../packet/receipt.ts';
import type { BackOff, Connection } from './connection.ts';
import { jittered } from './connection.ts';
import { withDeadline } from './deadline.ts';
import { UplinkError } from './errors.ts';
import type { UplinkClock, UplinkLog } from './ports.ts';
import { Progress, sendContainer } from './sender.ts';
import { Wake } from './wake.ts';

/** How packets are delivered. */
export interface DeliverySettings {
  /** Packets under way at a time. */
  readonly window: number;
  /** Packets under way at a time while more than {@link DRAIN_FROM} wait, after an outage. */
  readonly drainWindow: number;
  /** Longest wait for the first receipt after the last chunk, milliseconds; then the packet is sent again. */
  readonly receiptTimeoutMs: number;
  /** Longest wait from `received` to `verified`, milliseconds. */
  readonly verifyTimeoutMs: number;
  /** Times chunks are sent again on `resend` before the packet waits its turn again. */
  readonly maxResends: number;
  /** Pause before a packet without an answer is sent again. */
  readonly backOff: BackOff;
}

/** Waiting packets from which the wider window is used. */
const DRAIN_FROM = 4;

/** What became of a packet as far as its visit waited. */
export type PacketFate =
  | { readonly state: 'verified' | 'rejected'; readonly receiptState: string; readonly code: string | null }
  | { readonly state: 'pending' };

/**
 * Drains the outbox, oldest first: sends, waits for the backend's word, sends again. A packet without an answer steps
 * back for a while, so that one that the backend cannot digest does not stop those behind it.
 */
export class PacketPublisher implements AsyncDisposable {
  readonly #options: PublisherOptions;
  readonly #stop = new AbortController();
  readonly #wake = new Wake();
  /** Packets not to be taken now: under way (no time), or stepped back until a monotonic time. */
  readonly #held = new Map<string, number>();
  readonly #waiting = new Map<string, Mailbox>();
  readonly #progress = new Progress();
  readonly #unsubscribe: () => void;
  #running: Promise<unknown> | null = null;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#unsubscribe = options.outbox.onAccepted(() => this.#wake.wake());
  }

  start(): void {
    const { window, drainWindow } = this.#options.settings;
    this.#running ??= Promise.all(
      Array.from({ length: Math.max(window, drainWindow) }, (_, lane) =>
        this.#drain(lane < window ? 1 : DRAIN_FROM, this.#stop.signal),
      ),
    );
  }

  /** To be called when the connection came or went. */
  connectionChanged(): void {
    // What stepped back for want of an answer may try at once on a new connection.
    if (this.#options.connection.session !== null) this.#releaseAll();
    this.#wake.wake();
  }

  /**
   * Applies a receipt that was found genuine.
   * @throws PacketError PACKET_WRONG_ID, PACKET_WRONG_MANIFEST when it speaks of nothing this kiosk sent
   */
  async receipt(receipt: Receipt): Promise<void> {
    const { outbox, log } = this.#options;
    const row = await outbox.find(receipt.packetId);
    requireReceiptOf(receipt, row ?? { id: '', manifestSha256: '' });
    if (receipt.state !== 'resend') {
      const effect = await outbox.apply({ id: receipt.packetId, state: receipt.state, code: receipt.code });
      log.info({ packetId: receipt.packetId, state: receipt.state, code: receipt.code, effect }, 'receipt');
      if (effect === 'applied') this.#options.connection.answered();
      else await this.#options.onReplay();
    }
    this.#waiting.get(receipt.packetId)?.put(receipt);
    this.#wake.wake();
  }

  /**
   * What became of a packet, waiting for at most `timeoutMs`. Rejects only with the signal's reason or an OutboxError.
   */
  async fateOf(id: string, timeoutMs: number, signal: AbortSignal): Promise<PacketFate> {
    try {
      return await withDeadline(this.#options.clock, timeoutMs, signal, async both => {
        for (;;) {
          const seen = this.#wake.changes;
          const fate = fateOfRow(await this.#options.outbox.find(id));
          if (fate !== null) return fate;
          await this.#wake.after(seen, both);
        }
      });
    } catch (error) {
      if (error instanceof UplinkError && error.code === 'UPLINK_TIMEOUT') return { state: 'pending' };
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort(new UplinkError('UPLINK_OFFLINE', 'the uplink is closed'));
    await this.#running?.catch(() => {});
  }

  /** One lane: takes a packet, sees it through, takes the next; idle while fewer than `atLeast` wait. */
  async #drain(atLeast: number, signal: AbortSignal): Promise<void> {
    const { connection, outbox, log, clock } = this.#options;
    while (!signal.aborted) {
      try {
        await connection.ready(signal);
        this.#releaseDue();
        const seen = this.#wake.changes;
        const found = await outbox.next([...this.#held.keys()], atLeast);
        if (found === null) await this.#idle(seen, signal);
        else if (!this.#held.has(found.row.id)) await this.#deliver(found.row, found.container, signal);
      } catch (error) {
        if (signal.aborted) return;
        // The outbox itself failed: nothing can be delivered now, and nothing is lost by waiting.
        log.warn({ code: codeOf(error) }, 'the outbox cannot be drained');
        await clock.sleep(jittered(this.#options.settings.backOff, 2, false), signal).catch(() => {});
      }
    }
  }

  /** Sleeps until something changed, or until the next packet that stepped back is due. */
  async #idle(seen: number, signal: AbortSignal): Promise<void> {
    const dueMs = Math.min(...this.#held.values());
    if (dueMs === Number.POSITIVE_INFINITY) return this.#wake.after(seen, signal);
    const pauseMs = Math.max(0, dueMs - this.#options.clock.monotonicMs());
    await withDeadline(this.#options.clock, pauseMs, signal, both => this.#wake.after(seen, both)).catch(
      () => {},
    );
  }

  async #deliver(row: PacketRow, container: Uint8Array, signal: AbortSignal): Promise<void> {
    const { outbox, settings, clock, log } = this.#options;
    const mailbox = new Mailbox();
    this.#held.set(row.id, Number.POSITIVE_INFINITY);
    this.#waiting.set(row.id, mailbox);
    let code = 'UPLINK_TIMEOUT';
    try {
      await this.#send({ id: row.id, container, progress: this.#progress }, signal);
      await outbox.markSent(row.id);
      if (await this.#untilSettled(row.id, container, mailbox, signal)) {
        this.#held.delete(row.id);
        return;
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof UplinkError)) throw error;
      code = error.code;
    } finally {
      this.#waiting.delete(row.id);
      if (this.#held.get(row.id) === Number.POSITIVE_INFINITY) {
        const pauseMs = jittered(settings.backOff, row.attempts, false);
        this.#held.set(row.id, clock.monotonicMs() + pauseMs);
        this.#wake.wake();
      }
    }
    log.warn(
      { packetId: row.id, attempts: row.attempts + 1, code },
      'packet not receipted; it will be sent again',
    );
  }

  /** True once the backend's word on the packet is final; false when it stays away or asks for too much. */
  async #untilSettled(
    id: string,
    container: Uint8Array,
    mailbox: Mailbox,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { settings } = this.#options;
    let waitMs = settings.receiptTimeoutMs;
    for (let resends = 0; resends <= settings.maxResends; ) {
      const receipt = await this.#nextReceipt(mailbox, waitMs, signal);
      if (receipt === null) return false;
      if (receipt.state === 'received') waitMs = settings.verifyTimeoutMs;
      else if (receipt.state === 'resend') {
        resends += 1;
        const wanted = receipt.chunks ?? undefined;
        await this.#send({ id, container, ...(wanted && { wanted }) }, signal);
      } else return true;
    }
    return false;
  }

  /** The next receipt of this packet; null when none came in time or the connection ended. */
  async #nextReceipt(mailbox: Mailbox, waitMs: number, signal: AbortSignal): Promise<Receipt | null> {
    const session = this.#options.connection.session;
    if (session === null) return null;
    try {
      return await withDeadline(this.#options.clock, waitMs, signal, both =>
        Promise.race([mailbox.take(both), this.#options.connection.lost(session, both)]),
      );
    } catch (error) {
      if (signal.aborted) throw error;
      return null;
    }
  }

  #send(
    message: { id: string; container: Uint8Array; wanted?: readonly number[]; progress?: Progress },
    signal: AbortSignal,
  ): Promise<void> {
    return sendContainer(this.#options.connection, this.#options.topic, message, signal);
  }

  #releaseDue(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#release(dueMs => dueMs <= nowMs);
  }

  #releaseAll(): void {
    this.#release(dueMs => dueMs !== Number.POSITIVE_INFINITY);
  }

  /** Lets packets that stepped back be taken again, and says so to a lane that has just asked for others. */
  #release(which: (dueMs: number) => boolean): void {
    const released = [...this.#held].filter(([, dueMs]) => which(dueMs));
    for (const [id] of released) this.#held.delete(id);
    if (released.length > 0) this.#wake.wake();
  }
}

export interface PublisherOptions {
  readonly connection: Connection;
  readonly outbox: Outbox;
  /** Full topic of packets. */
  readonly topic: string;
  readonly settings: DeliverySettings;
  /** Told of receipts that changed nothing. */
  onReplay(): Promise<void>;
  readonly clock: UplinkClock;
  readonly log: UplinkLog;
}

/** Receipts of one packet on their way to the lane that waits for them. Holds few: a flood drops the oldest. */
class Mailbox {
  readonly #receipts: Receipt[] = [];
  readonly #wake = new Wake();

  put(receipt: Receipt): void {
    this.#receipts.push(receipt);
    if (this.#receipts.length > 16) this.#receipts.shift();
    this.#wake.wake();
  }

  take(signal: AbortSignal): Promise<Receipt> {
    return this.#wake.until(() => this.#receipts.shift() ?? null, signal);
  }
}

function fateOfRow(row: PacketRow | null): PacketFate | null {
  if (row === null || !['verified', 'deleted', 'rejected'].includes(row.state)) return null;
  const state = row.state === 'rejected' ? 'rejected' : 'verified';
  return { state, receiptState: row.receiptState ?? state, code: row.receiptCode };
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? 'unexpected');
