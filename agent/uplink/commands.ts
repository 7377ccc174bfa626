import { SCHEMA_VERSION } from '../contract/common.ts';
import { Command, type CommandAnswer } from '../contract/uplink.ts';
import type { Outbox } from '../outbox/types.ts';
import type { Trust } from '../packet/certificates.ts';
import { verifyJws } from '../packet/jws.ts';
import { parseSigned, requireKiosk, requireSigner } from '../packet/message.ts';
import type { UplinkErrorCode } from './errors.ts';
import type { KioskName } from './ports.ts';

/** What each command does. */
export type CommandHandlers = { readonly [Name in Command['name']]: (signal: AbortSignal) => Promise<void> };

/** Where commands are remembered over restarts of the agent, and noted for good. */
export type CommandMemory = Pick<Outbox, 'admitCommand' | 'record'>;

/** How far a command's time may lie ahead of the kiosk's clock, milliseconds. */
const SKEW_MS = 5 * 60_000;
/** Longest a command may be valid, milliseconds. */
const MAX_VALIDITY_MS = 24 * 3_600_000;

/** Carries out signed orders of the backend: genuine, for this kiosk, in time, and once. */
export class CommandDesk {
  readonly #trust: Trust;
  readonly #self: KioskName;
  readonly #now: () => Date;
  readonly #handlers: CommandHandlers;
  readonly #memory: CommandMemory;

  constructor(options: {
    trust: Trust;
    self: KioskName;
    now: () => Date;
    handlers: CommandHandlers;
    memory: CommandMemory;
  }) {
    this.#trust = options.trust;
    this.#self = options.self;
    this.#now = options.now;
    this.#handlers = options.handlers;
    this.#memory = options.memory;
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
    const code = (await this.#admit(command, now.getTime())) ?? (await this.#perform(command, signal));
    const { commandId, name } = command;
    await this.#memory.record({ event: 'command', commandId, name, code });
    return this.#answer(command, code);
  }

  async #perform(command: Command, signal: AbortSignal): Promise<UplinkErrorCode | null> {
    try {
      await this.#handlers[command.name](signal);
      return null;
    } catch {
      return 'COMMAND_FAILED';
    }
  }

  /** Noted before it is carried out: after a crash in between it is not carried out, rather than twice. */
  async #admit(command: Command, nowMs: number): Promise<UplinkErrorCode | null> {
    const [issuedMs, expiresMs] = [Date.parse(command.issuedAt), Date.parse(command.expiresAt)];
    if (issuedMs > nowMs + SKEW_MS || expiresMs <= nowMs || expiresMs - issuedMs > MAX_VALIDITY_MS) {
      return 'COMMAND_EXPIRED';
    }
    return (await this.#memory.admitCommand(command.commandId, expiresMs)) ? null : 'COMMAND_REPLAYED';
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
