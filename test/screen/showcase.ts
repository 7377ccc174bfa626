/** The real screen server with views of every step to choose from, so that each page stands still to be looked at. */
import type { Language } from '../../agent/contract/common.ts';
import type { Comfort, ScreenInput, ScreenView, StepView } from '../../agent/contract/screen.ts';
import { createLog } from '../../agent/ops/log.ts';
import { consentText } from '../../agent/screen/consent.ts';
import { OFFERED_LANGUAGES } from '../../agent/screen/messages/index.ts';
import { bundlePage } from '../../agent/screen/page.ts';
import { ScreenServer, type ScreenSource } from '../../agent/screen/server.ts';
import { PACKET_ID, passport, VISIT_ID } from '../fixtures/visit.ts';

const { person, document } = passport;
const card = { ...document, kind: 'temporary_residence_card', number: 'TR1234567', issuer: 'VNM' } as const;
const both = {
  within3WorkingDays: '2026-11-26',
  within7WorkingDays: '2026-12-02',
  accountDecision: null,
  provisional: true,
};
const contact = { mobile: '+84912345678', email: 'erika.muster@example.com' };
const finger = {
  step: 'fingers',
  position: 'left_ring',
  attempt: 2,
  advice: 'finger_too_dry',
  qualityScore: null,
  imageVersion: 0,
  done: [{ position: 'right_thumb', qualityScore: 71 }],
  exceptions: [{ position: 'left_little', reason: 'missing' }],
  remaining: ['left_middle'],
} as const;

/** Every page, with as much on it as there can be. */
export const stepsIn = (language: Language): readonly StepView[] => [
  { step: 'idle' },
  { step: 'language', languages: [...OFFERED_LANGUAGES] },
  { step: 'purpose' },
  { step: 'bring' },
  { step: 'ground', grounds: ['holder_request', 'travel_document_expired', 'residence_ended'] },
  {
    step: 'documents',
    wanted: 'travel_document',
    problem: { reason: 'check_digit', fields: ['documentNumber', 'birthDate'] },
    attempt: 2,
    appointmentRead: true,
  },
  {
    step: 'documents',
    wanted: 'representative_document',
    problem: null,
    attempt: 1,
    appointmentRead: false,
  },
  { step: 'relation' },
  {
    step: 'consent',
    ...consentText({
      language,
      purpose: 'register_level_2',
      representative: { ...passport, relation: 'parent' },
    }),
  },
  { step: 'contact', person, documents: [document, card], contact, numberOf: 'representative' },
  { step: 'sim', message: `TTTB ${document.number}`, number: '1414' },
  { step: 'integrate', chosen: ['tax_code'] },
  { ...finger, done: [...finger.done], exceptions: [...finger.exceptions], remaining: [...finger.remaining] },
  {
    step: 'face',
    advice: 'uneven_light',
    outline: { x: 0.3, y: 0.2, width: 0.4, height: 0.5 },
    progress: 0.4,
    challenge: null,
  },
  { step: 'comparing' },
  {
    step: 'review',
    person,
    documents: [document, card],
    representative: person,
    ground: null,
    contact,
    integrate: ['driving_licence', 'health_insurance'],
    done: [],
    exceptions: [],
    officerNeeded: true,
    awaitsOfficer: true,
    expected: both,
  },
  { step: 'submitting' },
  {
    step: 'receipt',
    packetId: PACKET_ID,
    delivery: 'accepted',
    officerNeeded: true,
    expected: both,
    handedIn: '2026-11-21',
    slip: 'failed',
  },
  {
    step: 'refused',
    reason: 'documents_do_not_match',
    problem: { reason: 'mismatch', fields: ['surname', 'birthDate'] },
  },
  { step: 'ended', reason: 'time_out' },
];

/** Shows what it is told to, and remembers what was touched. */
export class Showcase implements ScreenSource, AsyncDisposable {
  readonly touched: ScreenInput[] = [];
  readonly #listeners = new Set<(view: ScreenView) => void>();
  #view = viewOf({ step: 'idle' }, 'vi');
  #server: ScreenServer | null = null;

  static async start(): Promise<Showcase> {
    const showcase = new Showcase();
    const log = createLog('error');
    showcase.#server = await ScreenServer.start({ port: 0, page: await bundlePage(), source: showcase, log });
    return showcase;
  }

  get address(): string {
    return this.#server?.address ?? '';
  }

  show(step: StepView, language: Language, wish: Partial<ScreenView> = {}): void {
    this.#view = { ...viewOf(step, language), ...wish };
    for (const listener of this.#listeners) listener(this.#view);
  }

  view = (): ScreenView => this.#view;
  input(input: ScreenInput): boolean {
    this.touched.push(input);
    return true;
  }
  onView(listener: (view: ScreenView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  async *preview(): AsyncGenerator<{ jpeg: Uint8Array }, void, undefined> {}
  fingerPng = async () => null;
  speech = async () => null;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}

const PLAIN: Comfort = { textPercent: 100, highContrast: false, readAloud: false };
const CLOSED: readonly StepView['step'][] = [
  'idle',
  'comparing',
  'submitting',
  'receipt',
  'refused',
  'ended',
];

const viewOf = (view: StepView, language: Language): ScreenView => ({
  type: 'vantay.view',
  visitId: ['idle', 'ended'].includes(view.step) ? null : VISIT_ID,
  language,
  purpose: view.step === 'ground' ? 'unlock' : 'register_level_2',
  comfort: PLAIN,
  canGoBack: !CLOSED.includes(view.step),
  view,
  officerCalled: false,
  secondsLeft: null,
  deviceProblems: [],
});
