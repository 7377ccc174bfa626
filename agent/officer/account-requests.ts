/** An agency's request to lock or unlock an account: from the officer's form to the outbox, on the way of every packet. */
import type { AccountForm, AccountRequest } from '../contract/account-request.ts';
import { type Clock, clockTrust } from '../ops/clock.ts';
import type { NewPacket } from '../outbox/types.ts';
import { seal } from '../packet/seal.ts';
import type { Recipient, Signer } from '../packet/signer.ts';
import { accountDecision, type CalendarSettings, dateInVietnam } from '../procedure/index.ts';

interface Kit {
  readonly self: Pick<AccountRequest, 'office' | 'kiosk' | 'boot' | 'agentVersion'>;
  readonly outbox: {
    nextSequence(): Promise<number>;
    auditHead(): Promise<AccountRequest['audit']>;
    accept(packet: NewPacket): Promise<void>;
  };
  /** Both may change while the agent runs. */
  readonly keys: { readonly signer: Signer; readonly backend: Recipient };
  readonly calendar: CalendarSettings;
  readonly clock: Clock;
  newId(): string;
}

export class AccountRequests {
  readonly #kit: Kit;

  constructor(kit: Kit) {
    this.#kit = kit;
  }

  /** UUID version 7 of the next one. */
  newId(): string {
    return this.#kit.newId();
  }

  /** Latest day of the decision about what is handed in now. */
  get expected(): AccountRequest['expected'] {
    const { clock, calendar } = this.#kit;
    const { date, provisional } = accountDecision(dateInVietnam(clock.now()), calendar);
    return { accountDecision: date, provisional };
  }

  /** Resolves once it is durable. @throws PacketError, OutboxError, what a signing key throws */
  async send(packetId: string, form: AccountForm, officer: string): Promise<void> {
    const { self, outbox, keys, clock } = this.#kit;
    const sequence = await outbox.nextSequence();
    const sealed = await seal(
      {
        type: 'vantay.account-request',
        schemaVersion: 1,
        packetId,
        ...self,
        sequence,
        createdAt: clock.now().toISOString(),
        clock: clockTrust(),
        audit: await outbox.auditHead(),
        form,
        officer,
        expected: this.expected,
      },
      [],
      keys.signer,
      keys.backend,
    );
    await outbox.accept({ ...sealed, sequence });
  }
}
