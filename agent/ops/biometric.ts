import { inspect } from 'node:util';

/**
 * Carries a biometric datum (image, template, embedding) or a name through code that could log it by mistake: serialised
 * or printed it says only what it is. `reveal` is the one way to the value, so that every use can be found.
 */
export class Biometric<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toJSON(): string {
    return '[biometric]';
  }

  toString(): string {
    return '[biometric]';
  }

  [inspect.custom](): string {
    return '[biometric]';
  }
}
