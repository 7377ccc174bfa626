/** Who is signed in now. In memory alone: whoever restarts the agent signs everybody out. */
import { randomBytes } from 'node:crypto';
import type { Proof, SignedIn } from '../contract/officer.ts';
import type { Clock } from '../ops/clock.ts';
import type { Officer } from './sign-in.ts';

export interface OfficerSession extends SignedIn {
  /** How they showed who they are. */
  readonly method: Proof['kind'];
  /** Aborts when the session ends, however it does. */
  readonly ended: AbortSignal;
}

interface Kept {
  readonly session: OfficerSession;
  readonly end: AbortController;
  readonly endsAtMs: number;
  lastActMs: number;
}

/** How often it is looked who is away, in milliseconds. */
const LOOK_MS = 5_000;
/** Officers at once at one kiosk; the one who did nothing for longest goes. */
const MAX_SESSIONS = 8;

export class Sessions implements Disposable {
  readonly #clock: Clock;
  readonly #patience: { readonly idleMs: number; readonly shiftMs: number };
  readonly #onEnd: (officer: string) => void;
  /** Cookie -> session. */
  readonly #kept = new Map<string, Kept>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    clock: Clock,
    patience: { readonly idleMs: number; readonly shiftMs: number },
    onEnd: (officer: string) => void,
  ) {
    this.#clock = clock;
    this.#patience = patience;
    this.#onEnd = onEnd;
    this.#timer = setInterval(() => this.#look(), Math.min(LOOK_MS, patience.idleMs));
    this.#timer.unref();
  }

  /** Signs an officer in; the cookie is the browser's alone. */
  begin({ officer, role }: Officer, method: Proof['kind']): { cookie: string; session: OfficerSession } {
    if (this.#kept.size >= MAX_SESSIONS) {
      const [idlest] = [...this.#kept].sort(([, a], [, b]) => a.lastActMs - b.lastActMs);
      if (idlest) this.end(idlest[0]);
    }
    const [cookie, token] = [secret(), secret()];
    const end = new AbortController();
    const session = { officer, role, method, token, ended: end.signal };
    const lastActMs = this.#clock.monotonicMs();
    this.#kept.set(cookie, { session, end, endsAtMs: lastActMs + this.#patience.shiftMs, lastActMs });
    return { cookie, session };
  }

  /** The session of a cookie; null when there is none any more. @param active whether somebody is doing something */
  find(cookie: string, active: boolean): OfficerSession | null {
    this.#look();
    const kept = this.#kept.get(cookie);
    if (!kept) return null;
    if (active) kept.lastActMs = this.#clock.monotonicMs();
    return kept.session;
  }

  end(cookie: string): void {
    const kept = this.#kept.get(cookie);
    if (!kept) return;
    this.#kept.delete(cookie);
    kept.end.abort(new Error('signed out'));
    this.#onEnd(kept.session.officer);
  }

  /** Signs out whomever this is said of. */
  endWhere(gone: (session: OfficerSession) => boolean): void {
    for (const [cookie, { session }] of [...this.#kept]) if (gone(session)) this.end(cookie);
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [cookie, { lastActMs, endsAtMs }] of [...this.#kept])
      if (nowMs - lastActMs >= this.#patience.idleMs || nowMs >= endsAtMs) this.end(cookie);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const { end } of this.#kept.values()) end.abort(new Error('the agent stops'));
    this.#kept.clear();
  }
}

const secret = (): string => randomBytes(24).toString('base64url');
