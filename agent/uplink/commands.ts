import { SCHEMA_VERSION } from '../contract/common.ts';
import { Command, type CommandAnswer } from '../contract/uplink.ts';
import type { Trust } from '../packet/certificates.ts';
import { verifyJws } from '../packet/jws.ts';
import { parseSigned, requireKiosk, requireSigner } from '../packet/message.ts';
import type { UplinkErrorCode } from './errors.ts';
import type { KioskName } from './ports.ts';

/** What each command does. */
export type CommandHandlers = { readonly [Name in Command['name']]: (signal: AbortSignal) => Promise<void> };

/** How far a command's time may lie ahead of the kiosk's clock, milliseconds. */
const SKEW_MS = 5 * 60_000;
/** Longest a command may be valid, milliseconds: its id has to be remembered until it expires. */
const MAX_VALIDITY_MS = 24 * 3_600_000;
/** Ids remembered; beyond, the oldest are forgotten, which at this number takes a compromised backend. */
const MAX_REMEMBERED = 10_000;

/** Carries out signed orders of the backend: genuine, for this kiosk, in time, and once. */
export class CommandDesk {
  readonly #trust: Trust;
  readonly #self: KioskName;
  readonly #now: () => Date;
  readonly #handlers: CommandHandlers;
  /** Ids already carried out, with when they expire. */
  readonly #seen = new Map<string, number>();

  constructor(options: { trust: Trust; self: KioskName; now: () => Date; handlers: CommandHandlers }) {
    this.#trust = options.trust;
    this.#self = options.self;
    this.#now = options.now;
    this.#handlers = options.handlers;
  }

  /**
   * @returns the answer to publish
   * @throws PacketError when the command is not genuine or not for this kiosk: such a one gets no answer
   */
  async carryOut(jws: string, signal: AbortSignal): Promise<CommandAnswer> {
    const now = this.#now();
    const { payload, signer } = verifyJws(jws, 'vantay.command', this.#trust, now);
    const command = parseSigned(payload, 'vantay.command', Command);
    requireSigner(signer, 'backend');
    requireKiosk(command, this.#self);
    const refusal = this.#admit(command, now.getTime());
    if (refusal !== null) return this.#answer(command, refusal);
    try {
      await this.#handlers[command.name](signal);
      return this.#answer(command, null);
    } catch {
      return this.#answer(command, 'COMMAND_FAILED');
    }
  }

  #admit(command: Command, nowMs: number): UplinkErrorCode | null {
    const [issuedMs, expiresMs] = [Date.parse(command.issuedAt), Date.parse(command.expiresAt)];
    if (issuedMs > nowMs + SKEW_MS || expiresMs <= nowMs || expiresMs - issuedMs > MAX_VALIDITY_MS) {
      return 'COMMAND_EXPIRED';
    }
    for (const [id, until] of this.#seen) if (until <= nowMs) this.#seen.delete(id);
    if (this.#seen.has(command.commandId)) return 'COMMAND_REPLAYED';
    this.#seen.set(command.commandId, expiresMs);
    if (this.#seen.size > MAX_REMEMBERED) this.#seen.delete(this.#seen.keys().next().value ?? '');
    return null;
  }

  #answer(command: Command, code: UplinkErrorCode | null): CommandAnswer {
    return {
      type: 'vantay.command-answer',
      schemaVersion: SCHEMA_VERSION,
      commandId: command.commandId,
      result: code === null ? 'done' : 'refused',
      code,
      at: this.#now().toISOString(),
    };
  }
}
