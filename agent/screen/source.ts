/** What the screen server shows and takes: the session as a view, the camera, the finger image of the moment. */
import sharp from 'sharp';
import type { GrayImage } from '../../drivers/device.ts';
import type { ScreenInput, ScreenView } from '../contract/screen.ts';
import type { Biometric } from '../ops/biometric.ts';
import type { FrameSource } from '../pipeline/ports.ts';
import type { Session } from '../session/run.ts';
import { type ViewContext, viewOf } from '../session/view.ts';
import type { ScreenSource } from './server.ts';
import type { Speech } from './speech.ts';
import { spokenText } from './spoken.ts';
import { speaker } from './text.ts';

export interface LiveScreenOptions {
  readonly session: Session;
  readonly camera: FrameSource;
  readonly speech: Pick<Speech, 'say'>;
  readonly context: Omit<ViewContext, 'deviceProblems' | 'secondsLeft'>;
  readonly devices: {
    readonly problems: ScreenView['deviceProblems'];
    onChange(listener: () => void): () => void;
  };
}

export class LiveScreen implements ScreenSource, Disposable {
  readonly #options: LiveScreenOptions;
  readonly #listeners = new Set<(view: ScreenView) => void>();
  readonly #stops: (() => void)[];
  #finger: Biometric<GrayImage> | null = null;
  #countdown: NodeJS.Timeout | undefined;

  constructor(options: LiveScreenOptions) {
    this.#options = options;
    this.#stops = [
      options.session.onChange(({ state }) => {
        // The image belongs to the step: it is not kept a moment longer.
        if (state.kind !== 'fingers') this.#finger = null;
        this.#push();
      }),
      options.devices.onChange(() => this.#push()),
    ];
  }

  view(): ScreenView {
    const { session, context, devices } = this.#options;
    const live = { deviceProblems: devices.problems, secondsLeft: session.secondsLeft };
    return viewOf(session.state, { ...context, ...live });
  }

  input(input: ScreenInput): boolean {
    return this.#options.session.input(input);
  }

  onView(listener: (view: ScreenView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async *preview(signal: AbortSignal): AsyncGenerator<{ readonly jpeg: Uint8Array }, void, undefined> {
    const { session, camera } = this.#options;
    // The step's end is the stream's end, also when the camera has nothing to send at that moment.
    const left = new AbortController();
    const stop = session.onChange(({ state }) => {
      if (state.kind !== 'face') left.abort(new Error('the portrait step was left'));
    });
    try {
      if (session.state.kind !== 'face') return;
      yield* camera.frames(AbortSignal.any([signal, left.signal]));
    } catch (error) {
      if (!left.signal.aborted) throw error;
    } finally {
      stop();
    }
  }

  showFinger(image: Biometric<GrayImage>): void {
    this.#finger = image;
  }

  speech(): Promise<Uint8Array | null> {
    const view = this.view();
    return this.#options.speech.say(spokenText(view, speaker(view.language)), view.language);
  }

  async fingerPng(): Promise<Uint8Array | null> {
    const image = this.#finger?.reveal();
    if (!image) return null;
    const { width, height, pixels } = image;
    return sharp(pixels, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer();
  }

  #push(): void {
    clearTimeout(this.#countdown);
    const view = this.view();
    for (const listener of this.#listeners) listener(view);
    if (view.secondsLeft !== null) this.#countdown = setTimeout(() => this.#push(), 1000);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#countdown);
    for (const stop of this.#stops) stop();
    this.#listeners.clear();
    this.#finger = null;
  }
}
