/** What state the devices are in: for the screen, the uplink and the log. */
import type { DeviceIdentity } from '../../drivers/device.ts';
import type { DeviceState as SupervisedState } from '../../drivers/supervise.ts';
import type { ScreenView } from '../contract/screen.ts';
import type { DeviceState } from '../contract/uplink.ts';
import type { Log } from './log.ts';
import { Pulse } from './pulse.ts';

export type DeviceRole = DeviceState['role'];

const NOT_SEEN_YET = (role: DeviceRole): DeviceState => ({
  role,
  state: 'starting',
  driver: '',
  model: '',
  serial: '',
  error: null,
});

/** Longest from one try to open a device to the next, in milliseconds: the try has 30 s, the pause five. */
const TURN_MS = 60_000;

export class DeviceBoard {
  /** Late when a device that does not work is not tried again. By role, of all that were ever noted. */
  readonly pulses: Record<string, Pulse> = {};
  readonly #states = new Map<DeviceRole, DeviceState>();
  readonly #listeners = new Set<() => void>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Notes a change of state. The log says it once; the screen and the uplink are told by `onChange`. */
  set(role: DeviceRole, supervised: SupervisedState): void {
    this.pulses[role] ??= new Pulse();
    if (supervised.state === 'starting' || supervised.state === 'failed') this.pulses[role].within(TURN_MS);
    else this.pulses[role].rest();
    const before = this.#states.get(role) ?? NOT_SEEN_YET(role);
    const error = supervised.state === 'failed' ? supervised.error.code : null;
    if (before.state === supervised.state && before.error === error && this.#states.has(role)) return;
    this.#states.set(role, { ...before, state: supervised.state, error });
    if (supervised.state === 'failed') {
      this.#log.warn({ role, code: error, detail: supervised.error.message }, 'device failed');
    } else this.#log.info({ role }, `device ${supervised.state}`);
    this.#tell();
  }

  /** Notes which device it is, once it is open. */
  identify(role: DeviceRole, { driver, model, serial }: DeviceIdentity): void {
    const before = this.#states.get(role) ?? NOT_SEEN_YET(role);
    this.#states.set(role, { ...before, driver, model, serial });
    this.#tell();
  }

  get states(): readonly DeviceState[] {
    return [...this.#states.values()];
  }

  /** What an officer has to mend now, as nobody can be served without it. */
  get problems(): ScreenView['deviceProblems'] {
    return this.states.flatMap(({ role, error }) =>
      error && role !== 'code_scanner' ? [{ role, code: error }] : [],
    );
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
