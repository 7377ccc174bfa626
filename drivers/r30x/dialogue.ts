import { deadline } from '../deadline.ts';
import { DeviceError } from '../device.ts';
import type { Link } from '../link/link.ts';
import { confirmation } from './confirmation.ts';
import { type Command, decode, encodeCommand, type Frame } from './wire.ts';

/** The manual promises an image in under 1 s (ZFM-70 manual chapter 2); the acknowledgement follows it. */
const ACK_DEADLINE_MS = 2_000;
/** The longest packet takes 278 ms at 9600 baud; a sensor silent for 1 s within a transfer has stopped. */
const PACKET_DEADLINE_MS = 1_000;
/** No packet for this long means a broken transfer is over. */
const QUIET_MS = 300;
/** Long enough to take what has arrived already. */
const LATE_MS = 1;
/** A sensor that says more than this without an end babbles: an image in the smallest packets, of 32 bytes, is 1152. */
const MAX_PACKETS = 4_096;
/** Confirmation code of a sensor that was asked under an address not its own (ZFM-70 manual 5.2). */
const WRONG_ADDRESS = 0x20;
/** How often a command is said again when the packet or its answer was damaged. */
const RESENDS = 2;

/** A transfer that arrived damaged or with a wrong length; asking for it again may help. */
export class DamagedTransfer extends Error {}

/**
 * Question and answer with one sensor. An answer that is still owed when a wait is aborted is heard out before the next
 * command, so an abort at any moment leaves sensor and dialogue in step.
 */
export class Dialogue {
  readonly #link: Link;
  readonly #address: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #owed: 'nothing' | 'ack' | 'ack-then-data' | 'data' | 'anything' = 'nothing';
  #framesHeard = 0;

  constructor(link: Link, address: number) {
    this.#link = link;
    this.#address = address;
  }

  /** Valid frames heard so far, of any kind: at a wrong line speed there are none. */
  get framesHeard(): number {
    return this.#framesHeard;
  }

  /**
   * Sends a command and returns the payload of its acknowledgement, of at least one byte: the confirmation code.
   * @throws DeviceError DEVICE_TIMEOUT when no answer comes, DEVICE_PROTOCOL when it keeps arriving damaged.
   */
  async ask(command: Command, signal: AbortSignal, ackDeadlineMs = ACK_DEADLINE_MS): Promise<Uint8Array> {
    for (let attempt = 0; attempt <= RESENDS; attempt += 1) {
      await this.settle(signal);
      await this.#forgetLate(signal);
      this.#owed = command.name === 'UpImage' ? 'ack-then-data' : 'ack';
      await this.#link.write(encodeCommand(this.#address, command));
      const answer = await this.#acknowledgement(command.name, ackDeadlineMs, signal);
      if (answer !== 'damaged' && confirmation(answer[0]!).kind !== 'resend') return answer;
    }
    throw new DeviceError(
      'DEVICE_PROTOCOL',
      `${this.#link.location}: ${command.name} or its answer was damaged ${RESENDS + 1} times in a row`,
    );
  }

  /**
   * The data packets that follow an acknowledged upload command.
   * @throws DamagedTransfer when a packet was damaged or the length is wrong, DeviceError DEVICE_TIMEOUT when the
   * sensor stops before the last packet.
   */
  async transfer(expectedBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const data = new Uint8Array(expectedBytes);
    let received = 0;
    let damaged = false;
    this.#owed = 'data';
    for (let packets = 0; ; packets += 1) {
      this.#refuseBabble(packets);
      const event = await this.#next(PACKET_DEADLINE_MS, signal);
      if (event === 'silence' && damaged) break;
      if (event === 'silence') {
        this.#owed = 'nothing';
        throw this.#timeout(`stopped after ${received} of ${expectedBytes} bytes`);
      }
      if (event === 'corrupt') damaged = true;
      if (event === 'corrupt' || event.kind === 'ack' || event.kind === 'command') continue;
      if (received + event.payload.length <= expectedBytes) data.set(event.payload, received);
      received += event.payload.length;
      if (event.kind === 'end') break;
    }
    this.#owed = 'nothing';
    if (damaged) throw new DamagedTransfer('a packet had a wrong checksum');
    if (received !== expectedBytes)
      throw new DamagedTransfer(`${received} bytes arrived, ${expectedBytes} were expected`);
    return data;
  }

  /** Hears out what the sensor still has to say from before. */
  async settle(signal: AbortSignal): Promise<void> {
    for (let packets = 0; this.#owed !== 'nothing'; packets += 1) {
      this.#refuseBabble(packets);
      const event = await this.#next(this.#owed.startsWith('ack') ? ACK_DEADLINE_MS : QUIET_MS, signal);
      if (event === 'silence') this.#owed = 'nothing';
      else if (event === 'corrupt') this.#owed = 'anything';
      else if (event.kind === 'end' && this.#owed === 'data') this.#owed = 'nothing';
      else if (event.kind === 'ack' && this.#owed === 'ack') this.#owed = 'nothing';
      else if (event.kind === 'ack' && this.#owed === 'ack-then-data') {
        this.#owed = confirmation(event.payload[0]!).kind === 'ok' ? 'data' : 'nothing';
      }
    }
  }

  /** Whatever arrived although nothing is owed is an answer that came too late. */
  async #forgetLate(signal: AbortSignal): Promise<void> {
    for (let packets = 0; (await this.#next(LATE_MS, signal)) !== 'silence'; packets += 1)
      this.#refuseBabble(packets);
  }

  /** Listens until the sensor is quiet: a transfer may be under way that an agent began which died since. */
  async hearOut(signal: AbortSignal): Promise<void> {
    this.#owed = 'anything';
    await this.settle(signal);
  }

  async #acknowledgement(
    name: string,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | 'damaged'> {
    const message = () => this.#timeout(`did not answer ${name} within ${deadlineMs} ms`);
    using limit = deadline(signal, deadlineMs, message);
    for (;;) {
      const event = await this.#next(deadlineMs, limit.signal).catch(reason => {
        if (!signal.aborted) this.#owed = 'nothing';
        throw reason;
      });
      if (event === 'silence') {
        this.#owed = 'nothing';
        throw message();
      }
      if (event === 'corrupt') {
        this.#owed = 'anything';
        return 'damaged';
      }
      if (event.kind !== 'ack' || !this.#isMeant(event)) continue;
      this.#owed = 'nothing';
      return event.payload;
    }
  }

  /** A sensor with another address says so under its own. */
  #isMeant(ack: Frame): boolean {
    return ack.address === this.#address || ack.payload[0] === WRONG_ADDRESS;
  }

  /** The next frame, a damaged one, or `silence` when none is complete within `deadlineMs`. */
  async #next(deadlineMs: number, signal: AbortSignal): Promise<Frame | 'corrupt' | 'silence'> {
    const silence = new DeviceError('DEVICE_TIMEOUT', 'silence');
    using limit = deadline(signal, deadlineMs, () => silence);
    for (;;) {
      const found = this.#decode();
      if (found !== undefined) return found;
      try {
        const more = await this.#link.read(limit.signal);
        this.#bytes = this.#bytes.length === 0 ? more : Buffer.concat([this.#bytes, more]);
      } catch (reason) {
        if (reason === silence) return this.#salvage();
        throw reason;
      }
    }
  }

  #decode(): Frame | 'corrupt' | undefined {
    const decoded = decode(this.#bytes);
    this.#bytes = this.#bytes.subarray(decoded.consumed);
    if (decoded.kind === 'need-more') return undefined;
    if (decoded.kind === 'corrupt') return 'corrupt';
    this.#framesHeard += 1;
    return decoded.frame;
  }

  /** What lies inside a packet whose rest never came: its length may have been what was damaged. */
  #salvage(): Frame | 'corrupt' | 'silence' {
    while (this.#bytes.length > 0) {
      this.#bytes = this.#bytes.subarray(1);
      const found = this.#decode();
      if (found !== undefined) return found;
    }
    return 'silence';
  }

  #refuseBabble(packets: number): void {
    if (packets < MAX_PACKETS) return;
    throw new DeviceError(
      'DEVICE_PROTOCOL',
      `${this.#link.location}: the sensor sends packets without an end`,
    );
  }

  #timeout(what: string): DeviceError {
    return new DeviceError('DEVICE_TIMEOUT', `${this.#link.location}: the sensor ${what}`);
  }
}
