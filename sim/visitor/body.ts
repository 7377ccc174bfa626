/** What a visitor does with hands, papers and face when the screen asks for it: no touch of the screen among it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FingerCode, type Moisture, type Person, positionCode } from '../people/index.ts';
import type { Pose, Stage } from '../world/stage.ts';
import type { View } from './screen-client.ts';

type WantedPapers = 'travel_document' | 'residence_card' | 'representative_document';

/** How a visitor behaves where they are not simply themselves. */
export interface Manner {
  /** Lines of the zone laid on the reader at an attempt (from 1); by default the visitor's own papers. */
  papers?(wanted: WantedPapers, attempt: number): readonly string[];
  /** Moisture of a finger at an attempt (from 0). */
  moisture?(finger: FingerCode, attempt: number): Moisture | undefined;
  /** Another finger than the one asked for, at an attempt (from 0). */
  otherFinger?(finger: FingerCode, attempt: number): FingerCode | undefined;
  /** How the visitor stands before the camera; called again at every advice. */
  pose?(advice: string | null): Pose;
}

export interface BodyOptions {
  readonly person: Person;
  readonly manner: Manner;
  readonly stage: Stage;
  /** Lays a document on the reader. */
  present(lines: readonly string[]): void;
  /** Lays all fingers of a hand that are still asked for, or both thumbs, on the glass of a slap scanner. */
  readonly laysHands?: boolean;
  /** Time between reading the screen and doing what it says, in milliseconds. */
  readonly reactionMs: number;
}

/** Between two placings the finger is off the glass at least this long, in milliseconds. */
const LIFTED_MS = 120;

/** How long a challenge is answered before the visitor looks straight again, in milliseconds. */
const ANSWER_MS = 1_000;
/** What a visitor does who is asked to show that they are there. */
const ANSWERS: Readonly<Record<string, Pose>> = {
  turn_left: 'turned-left',
  turn_right: 'turned-right',
  blink: 'blink',
  come_closer: 'closer',
};

export class Body implements Disposable {
  readonly #options: BodyOptions;
  #key = '';
  #action = new AbortController();
  #attempts = new Map<string, number>();
  #challenge: { readonly name: string; readonly sinceMs: number } | null = null;
  failure: unknown = null;

  constructor(options: BodyOptions) {
    this.#options = options;
  }

  /** Acts on what the screen shows; what was begun for another view is left off. */
  react({ view, visitId }: View): void {
    const { stage } = this.#options;
    if (view.step === 'face') stage.pose = this.#poseFor(view);
    else stage.pose = 'nobody';
    const key = `${visitId}:${view.step}:${view.wanted}:${view.attempt}:${view.problem?.reason}:${view.position}:${view.imageVersion}:${view.advice === 'lift_finger'}`;
    if (key === this.#key) return;
    this.#key = key;
    this.#action.abort();
    this.#action = new AbortController();
    const { signal } = this.#action;
    stage.finger = null;
    stage.hand = null;
    this.#act(view, signal).catch((error: unknown) => {
      if (!signal.aborted) this.failure = error;
    });
  }

  /** What is asked is done, then left off, then done again, as somebody does who is not sure to have been seen. */
  #poseFor({ advice, challenge }: View['view']): Pose {
    const own = this.#options.manner.pose?.(advice ?? null);
    if (own) return own;
    const asked = challenge ? ANSWERS[challenge] : undefined;
    if (!challenge || !asked) {
      this.#challenge = null;
      return 'neutral';
    }
    const nowMs = performance.now();
    if (this.#challenge?.name !== challenge) this.#challenge = { name: challenge, sinceMs: nowMs };
    const beat = Math.floor((nowMs - this.#challenge.sinceMs) / ANSWER_MS);
    return beat % 2 === 0 ? asked : 'neutral';
  }

  async #act(view: View['view'], signal: AbortSignal): Promise<void> {
    const { person, manner, stage, present, reactionMs } = this.#options;
    if (
      view.step === 'documents' &&
      (view.wanted === 'travel_document' ||
        view.wanted === 'residence_card' ||
        view.wanted === 'representative_document')
    ) {
      await sleep(reactionMs, undefined, { signal });
      const own =
        view.wanted === 'travel_document' ? person.identity.passport.mrz : person.identity.residenceCard.mrz;
      present(manner.papers?.(view.wanted, view.attempt ?? 1) ?? own);
    }
    // A print that was taken without advice will do: the finger is off the glass, and the screen names the next one.
    const wasGood = view.qualityScore !== null && view.advice === null;
    const mustLift = wasGood || view.advice === 'lift_finger';
    if (view.step === 'fingers' && view.position && !mustLift) {
      const finger = positionCode(view.position);
      if (!finger || !person.fingers.includes(finger)) return;
      const attempt = this.#attempts.get(view.position) ?? 0;
      this.#attempts.set(view.position, attempt + 1);
      const asked = this.#options.laysHands === true ? handWith(finger, view, person) : [finger];
      const laid = asked.map(own => manner.otherFinger?.(own, attempt) ?? own);
      const impression = (of: FingerCode, own: FingerCode) => {
        const moisture = manner.moisture?.(own, attempt);
        return person.liveImpression(of, attempt, {
          ...(moisture === undefined ? {} : { moisture }),
          signal,
        });
      };
      const [images] = await Promise.all([
        Promise.all(laid.map((of, at) => impression(of, asked[at]!))),
        sleep(Math.max(LIFTED_MS, reactionMs), undefined, { signal }),
      ]);
      signal.throwIfAborted();
      if (this.#options.laysHands === true)
        stage.hand = { prints: images.map((image, at) => ({ finger: laid[at]!, image })) };
      else stage.finger = images[0]!;
    }
  }

  [Symbol.dispose](): void {
    this.#action.abort();
    this.#options.stage.finger = null;
    this.#options.stage.hand = null;
    this.#options.stage.pose = 'nobody';
  }
}

/** Fingers of the 4-4-2 of a slap scanner, left to right on its glass. */
const SLAPS: readonly (readonly FingerCode[])[] = [
  [6, 1],
  [2, 3, 4, 5],
  [10, 9, 8, 7],
];

/** Those that lie beside a finger, without those that are done and those that this person does not have. */
function handWith(
  finger: FingerCode,
  { done = [] }: View['view'],
  { fingers }: Person,
): readonly FingerCode[] {
  const taken = done.map(({ position }) => positionCode(position));
  const slap = SLAPS.find(codes => codes.includes(finger)) ?? [finger];
  return slap.filter(code => fingers.includes(code) && !taken.includes(code));
}
