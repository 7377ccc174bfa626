import type { AuditEvent } from '../contract/audit.ts';
import type { RefusalReason } from '../contract/screen.ts';
import type { Outbox, OutboxStatus } from './types.ts';

/** How often the outbox is looked at, milliseconds: a visit takes minutes, so this is early enough. */
const PERIOD_MS = 5_000;

/** The applicant's words for each limit. */
const REASONS: Readonly<Record<NonNullable<OutboxStatus['full']>, RefusalReason>> = {
  packets: 'outbox_full',
  bytes: 'outbox_full',
  age: 'outbox_overdue',
  disk: 'disk_full',
};

/** A step of the screen as far as the gate cares. */
export interface Step {
  readonly kind: string;
  /** The visit it belongs to; null when nobody is there. */
  readonly visitId: string | null;
  /** Why the visit cannot be; null while it can. */
  readonly refused: RefusalReason | null;
}

/**
 * Says before a visit begins whether its packet could be kept, and notes in the audit chain which visits there were. Who
 * cannot write the chain lets nobody in.
 */
export class VisitGate implements AsyncDisposable {
  readonly #outbox: Pick<Outbox, 'status' | 'record'>;
  readonly #onFailure: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #refusal: RefusalReason | null = null;
  /** The visit that was noted as begun. */
  #under: string | null = null;
  /** Records are written in the order of what they tell. */
  #tail: Promise<void>;

  private constructor(outbox: Pick<Outbox, 'status' | 'record'>, onFailure: (error: unknown) => void) {
    this.#outbox = outbox;
    this.#onFailure = onFailure;
    this.#tail = this.#look();
    this.#timer = setInterval(() => void this.#look(), PERIOD_MS);
    this.#timer.unref();
  }

  /** @param onFailure told of each thing that the outbox could not do */
  static async open(
    outbox: Pick<Outbox, 'status' | 'record'>,
    onFailure: (error: unknown) => void,
  ): Promise<VisitGate> {
    const gate = new VisitGate(outbox, onFailure);
    await gate.#tail;
    return gate;
  }

  /** Why no visit may begin now; null when one may. */
  get refusal(): RefusalReason | null {
    return this.#refusal;
  }

  /** Writes an event after those before it; never rejects. */
  record(event: AuditEvent): void {
    this.#tail = this.#tail
      .then(() => this.#outbox.record(event))
      .catch((error: unknown) => {
        this.#refusal = 'disk_full';
        this.#onFailure(error);
      });
  }

  /** To be told of every change of the screen's step. */
  follow(step: Step, previous: Step): void {
    if (previous.visitId === step.visitId) return;
    if (previous.visitId !== null && previous.visitId === this.#under) {
      this.record({
        event: 'visit_ended',
        visitId: previous.visitId,
        outcome: previous.refused ?? previous.kind,
      });
    }
    this.#under = null;
    if (step.visitId === null) return;
    if (step.refused !== null) {
      this.record({ event: 'visit_refused', reason: step.refused });
    } else {
      this.#under = step.visitId;
      this.record({ event: 'visit_began', visitId: step.visitId });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#tail;
  }

  async #look(): Promise<void> {
    try {
      const { full } = await this.#outbox.status();
      this.#refusal = full === null ? null : REASONS[full];
    } catch (error) {
      this.#refusal = 'disk_full';
      this.#onFailure(error);
    }
  }
}
