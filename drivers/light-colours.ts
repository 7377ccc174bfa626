import type { LightSignal } from './device.ts';

export interface Colour {
  /** 0 .. 255 each. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

/** ISO 3864-4 safety colours in spirit: green for go, blue for an action asked of the person, red for stop. */
export const SIGNAL_COLOURS: Readonly<Record<LightSignal, Colour>> = {
  ready: { red: 0, green: 160, blue: 0 },
  capture: { red: 0, green: 60, blue: 255 },
  error: { red: 255, green: 0, blue: 0 },
};
/** A light that nobody drives must not promise anything. */
export const DARK: Colour = { red: 0, green: 0, blue: 0 };
