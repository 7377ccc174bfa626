/** The signal light on top of a kiosk: free for the next, asking for a document, finger or face, or in need of an officer. */
import type { LightSignal, SignalLight } from '../../drivers/device.ts';
import type { State } from '../session/state.ts';

const CAPTURES: readonly State['kind'][] = ['documents', 'representative', 'fingers', 'face'];

/** @param troubled whether something has to be mended, or no visit may begin */
export function lightSignal(step: State['kind'], troubled: boolean): LightSignal {
  if (troubled) return 'error';
  return CAPTURES.includes(step) ? 'capture' : 'ready';
}

/** A light whose every opening shows what is wanted then. */
export const showing =
  <D extends SignalLight>(open: (signal: AbortSignal) => Promise<D>, wanted: () => LightSignal) =>
  async (signal: AbortSignal): Promise<D> => {
    const light = await open(signal);
    await light.show(wanted());
    return light;
  };

/** What keeps the light at hand. */
interface LightUse {
  use(work: (light: SignalLight) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** Shows each change. A light that is away is not waited for by anybody: it shows what is wanted once it is back. */
export function followSignals(
  light: LightUse,
  wanted: () => LightSignal,
  sources: readonly { onChange(listener: () => void): unknown }[],
  signal: AbortSignal,
): void {
  let shown: LightSignal | null = null;
  const show = (): void => {
    if (wanted() === shown) return;
    shown = wanted();
    light.use(opened => opened.show(wanted()), signal).catch(() => {});
  };
  for (const source of sources) source.onChange(show);
}
