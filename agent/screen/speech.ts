/** Words as sound, by a synthesiser of the system (Debian's espeak-ng speaks all six languages). */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Language } from '../contract/common.ts';

const run = promisify(execFile);

/** Voices of espeak-ng. */
const VOICES: Readonly<Record<Language, string>> = {
  vi: 'vi',
  en: 'en-gb',
  zh: 'cmn',
  ko: 'ko',
  ja: 'ja',
  ru: 'ru',
};
/** Words a minute: slower than the synthesiser's own 175, as for somebody who listens in a hall. */
const SPEED = 145;
/** Longest a text may take, in milliseconds. */
const DEADLINE_MS = 10_000;
/** A minute of 22.05 kHz mono is 2.6 MB; a consent is read for two. */
const MAX_BYTES = 16 * 2 ** 20;
/** Texts kept as sound: one language's worth of a visit. Nothing personal is ever spoken, so nothing personal is kept. */
const KEPT = 40;

export class Speech {
  readonly #command: string;
  readonly #kept = new Map<string, Promise<Uint8Array | null>>();

  /** @param command espeak-ng, or what takes its arguments */
  constructor(command: string) {
    this.#command = command;
  }

  /** WAV; null where this system has no voice: the page then asks the browser's. */
  say(text: string, language: Language): Promise<Uint8Array | null> {
    const key = `${language}:${text}`;
    const known = this.#kept.get(key);
    if (known) return known;
    const sound = this.#synthesise(text, language);
    this.#kept.set(key, sound);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return sound;
  }

  async #synthesise(text: string, language: Language): Promise<Uint8Array | null> {
    const options = ['--stdout', '-s', String(SPEED), '-v', VOICES[language], '--', text];
    try {
      const { stdout } = await run(this.#command, options, {
        encoding: 'buffer',
        maxBuffer: MAX_BYTES,
        timeout: DEADLINE_MS,
      });
      return stdout.length > 0 ? stdout : null;
    } catch {
      return null;
    }
  }
}
