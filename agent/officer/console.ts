/** The console behind its server: what officers see of the kiosk, and what becomes of what they do. */
import sharp from 'sharp';
import type { KeptEntry } from '../audit/chain.ts';
import type { AccountForm } from '../contract/account-request.ts';
import { AuditEntry, type AuditEvent } from '../contract/audit.ts';
import type {
  AuditPage,
  Figures,
  Need,
  OfficerAction,
  OfficerView,
  OutboxPage,
} from '../contract/officer.ts';
import type { OfficerOverride } from '../contract/packet.ts';
import type { DeviceState } from '../contract/uplink.ts';
import type { Clock } from '../ops/clock.ts';
import { VantayError } from '../ops/errors.ts';
import type { PacketRow } from '../outbox/types.ts';
import { dateInVietnam } from '../procedure/index.ts';
import type { ScreenSource } from '../screen/server.ts';
import type { OfficerAct } from '../session/officer.ts';
import type { Session } from '../session/run.ts';
import { candidatesOf } from '../session/visit.ts';
import type { AccountRequests } from './account-requests.ts';
import { figuresOf } from './figures.ts';
import type { Officer } from './sign-in.ts';
import { officerViewOf } from './view.ts';

export interface ConsoleOptions {
  readonly self: { readonly kiosk: string; readonly office: string };
  readonly session: Session;
  readonly screen: Pick<ScreenSource, 'view' | 'onView' | 'preview' | 'fingerPng'>;
  readonly devices: { readonly states: readonly DeviceState[] };
  readonly outbox: {
    record(event: AuditEvent): Promise<void>;
    list(): Promise<PacketRow[]>;
    status(): Promise<{
      readonly packets: number;
      readonly bytes: number;
      readonly full: string | null;
    }>;
    retry(id: string): Promise<boolean>;
    auditPage(before: number | null, text: string, limit: number): Promise<KeptEntry[]>;
  };
  readonly accounts: Pick<AccountRequests, 'newId' | 'expected' | 'send'>;
  /** Why no visit may begin; null when one may. */
  refusal(): string | null;
  readonly policy: { readonly secondOfficerFor: readonly string[]; readonly pins: boolean };
  readonly clock: Clock;
}

/** How often the outbox is looked at for packets that were set aside, in milliseconds. */
const LOOK_MS = 5_000;
/** Packets on a page of the outbox, and entries on one of the audit chain. */
const PAGE_ROWS = 50;
/** Entries read at a time for the figures. */
const FIGURES_ROWS = 500;
/** Longest side of a face on the console, in pixels: enough for an eye, less than the sample. */
const FACE_PX = 640;

export class OfficerConsole implements Disposable {
  readonly #options: ConsoleOptions;
  /** Need -> since when, monotonic milliseconds. */
  readonly #since = new Map<string, number>();
  readonly #listeners = new Set<(view: OfficerView) => void>();
  readonly #timer: NodeJS.Timeout;
  readonly #stop: () => void;
  #setAside = 0;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#stop = options.screen.onView(() => this.#push());
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
    void this.#look();
  }

  view(): OfficerView {
    const { self, session, screen, devices, policy } = this.#options;
    const asked = new Set<string>();
    const view = officerViewOf(session.state, {
      ...self,
      ...policy,
      screen: screen.view(),
      devices: devices.states,
      accountDecision: this.#options.accounts.expected,
      refusal: this.#options.refusal(),
      setAside: this.#setAside,
      waited: need => this.#waited(need, asked),
    });
    for (const key of this.#since.keys()) if (!asked.has(key)) this.#since.delete(key);
    return view;
  }

  /** Whether somebody can sign in by PIN. */
  get pins(): boolean {
    return this.#options.policy.pins;
  }

  onView(listener: (view: OfficerView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  preview(signal: AbortSignal) {
    return this.#options.screen.preview(signal);
  }

  fingerPng(): Promise<Uint8Array | null> {
    return this.#options.screen.fingerPng();
  }

  /** The portrait taken, that of the record, or that of a candidate, as JPEG; only while the case is open. */
  async face(which: 'taken' | 'record' | number): Promise<Uint8Array | null> {
    const { state } = this.#options.session;
    if (state.kind !== 'review' || this.view().openCase === null) return null;
    const { face, lookup } = state.visit;
    const record = () => (lookup.state === 'found' ? lookup.references.reveal().portrait : undefined);
    const candidate = (index: number) => candidatesOf(state.visit)[index]?.portrait;
    const taken = () => face.sample.reveal().jpeg;
    const bytes = which === 'taken' ? taken() : which === 'record' ? record() : candidate(which);
    if (!bytes) return null;
    return sharp(bytes)
      .autoOrient()
      .resize(FACE_PX, FACE_PX, { fit: 'inside', withoutEnlargement: true })
      .jpeg()
      .toBuffer();
  }

  /** Whether an action needs another officer. */
  needsSecond(action: OfficerAction): boolean {
    return action.type === 'confirm_identity' && (this.view().openCase?.secondOfficer ?? false);
  }

  /**
   * Does what an officer asks for. It stands in the audit chain before it is done: what cannot be written is not done.
   * @throws VantayError INPUT_NOT_EXPECTED, INPUT_INVALID, ROLE_TOO_LOW; OutboxError
   */
  async act(action: OfficerAction, who: Officer, second: Officer | null): Promise<void> {
    if (action.type === 'retry_packet') return this.#retry(action.packetId, who);
    if (action.type === 'request_account') return this.#requestAccount(action.form, who);
    const { session, outbox, clock } = this.#options;
    const event = {
      type: 'officer',
      visitId: action.visitId,
      act: actOf(action, who, second, clock.now()),
    } as const;
    const unfit = new VantayError('INPUT_NOT_EXPECTED', `"${action.type}" does not fit the visit now`);
    if (!session.fits(event)) throw unfit;
    await outbox.record(acted(action, who, second));
    if (!session.dispatch(event)) throw unfit;
  }

  async outbox(): Promise<OutboxPage> {
    const [{ packets, bytes, full }, rows] = await Promise.all([
      this.#options.outbox.status(),
      this.#options.outbox.list(),
    ]);
    return {
      ...{ packets, bytes, full },
      rows: rows.slice(0, PAGE_ROWS).map(row => ({
        packetId: row.id,
        sequence: row.sequence,
        state: row.state,
        bytes: row.bytes,
        attempts: row.attempts,
        acceptedAtMs: row.acceptedAtMs,
        code: row.receiptCode,
      })),
    };
  }

  async figures(): Promise<Figures> {
    const date = dateInVietnam(this.#options.clock.now());
    const entries: AuditEntry[] = [];
    let before: number | null = null;
    for (;;) {
      const page: KeptEntry[] = await this.#options.outbox.auditPage(before, '', FIGURES_ROWS);
      for (const { text } of page) entries.unshift(AuditEntry.parse(JSON.parse(text)));
      const oldest = entries[0];
      if (page.length < FIGURES_ROWS || !oldest || dateInVietnam(new Date(oldest.at)) < date) break;
      before = oldest.index;
    }
    return figuresOf(date, entries);
  }

  async audit(text: string, before: number | null): Promise<AuditPage> {
    const found = await this.#options.outbox.auditPage(before, text, PAGE_ROWS);
    const entries = found.map(({ text: entry }) => {
      const { index, at, event } = AuditEntry.parse(JSON.parse(entry));
      return { index, at, event };
    });
    return { entries, before: found.length === PAGE_ROWS ? (found.at(-1)?.index ?? null) : null };
  }

  async #retry(packetId: string, who: Officer): Promise<void> {
    if (who.role !== 'supervisor') throw new VantayError('ROLE_TOO_LOW', 'a supervisor puts packets back');
    const { outbox } = this.#options;
    const rows = await outbox.list();
    const unfit = new VantayError('INPUT_NOT_EXPECTED', 'no such packet was set aside');
    if (!rows.some(({ id, state }) => id === packetId && state === 'rejected')) throw unfit;
    await outbox.record(acted({ type: 'retry_packet', packetId }, who, null));
    if (!(await outbox.retry(packetId))) throw unfit;
    await this.#look();
  }

  async #requestAccount(form: AccountForm, who: Officer): Promise<void> {
    if (who.role !== 'supervisor')
      throw new VantayError('ROLE_TOO_LOW', "a supervisor hands in an agency's request");
    const { accounts, outbox, clock } = this.#options;
    if (form.paperDate > dateInVietnam(clock.now()))
      throw new VantayError('INPUT_INVALID', 'invalid: form.paperDate');
    const id = accounts.newId();
    await outbox.record(acted({ type: 'request_account', form }, who, null, id));
    await accounts.send(id, form, who.officer);
    await this.#look();
  }

  #waited(need: Omit<Need, 'seconds'>, asked: Set<string>): number | null {
    const key = `${need.kind}:${need.kind === 'packets' ? '' : need.word}`;
    const nowMs = this.#options.clock.monotonicMs();
    const sinceMs = this.#since.get(key) ?? nowMs;
    this.#since.set(key, sinceMs);
    asked.add(key);
    return Math.floor((nowMs - sinceMs) / 1000);
  }

  async #look(): Promise<void> {
    try {
      const rows = await this.#options.outbox.list();
      this.#setAside = rows.filter(({ state }) => state === 'rejected').length;
    } catch {
      // An outbox that cannot be read lets no visit begin: the gate says so, and stands among the needs.
    }
    this.#push();
  }

  #push(): void {
    if (this.#listeners.size === 0) return;
    const view = this.view();
    for (const listener of this.#listeners) listener(view);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#stop();
    this.#listeners.clear();
  }
}

type VisitAction = Exclude<OfficerAction, { type: 'retry_packet' | 'request_account' }>;

function actOf(action: VisitAction, who: Officer, second: Officer | null, now: Date): OfficerAct {
  const by = { officer: who.officer, secondOfficer: second?.officer ?? null, at: now.toISOString() };
  switch (action.type) {
    case 'except_finger': {
      const { position, exception, reason } = action;
      const override: OfficerOverride = { step: 'finger', position, reason, ...by };
      return { kind: 'except_finger', position, exception, override };
    }
    case 'recapture':
      return { kind: 'recapture', position: action.position };
    case 'confirm_identity':
      return {
        kind: 'confirm_identity',
        override: { step: 'decision', position: null, reason: action.reason, ...by },
      };
    default:
      return { kind: action.type };
  }
}

/** Of an agency's request the id it goes by, and why: never whose account, nor who asks. */
const acted = (action: OfficerAction, who: Officer, second: Officer | null, requestId = ''): AuditEvent => ({
  event: 'officer_acted',
  officer: who.officer,
  action: action.type,
  subject: 'packetId' in action ? action.packetId : 'visitId' in action ? action.visitId : requestId,
  position: 'position' in action ? action.position : null,
  reason: 'reason' in action ? action.reason : 'form' in action ? action.form.ground : null,
  secondOfficer: second?.officer ?? null,
});
