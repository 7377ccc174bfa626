/** What state the devices are in: for the screen, the uplink and the log. */
import type { DeviceIdentity } from '../../drivers/device.ts';
import type { DeviceState as SupervisedState } from '../../drivers/supervise.ts';
import type { ScreenView } from '../contract/screen.ts';
import type { DeviceState } from '../contract/uplink.ts';
import type { Log } from './log.ts';

export type DeviceRole = DeviceState['role'];

const NOT_SEEN_YET = (role: DeviceRole): DeviceState => ({
  role,
  state: 'starting',
  driver: '',
  model: '',
  serial: '',
  error: null,
});

export class DeviceBoard {
  readonly #states = new Map<DeviceRole, DeviceState>();
  readonly #listeners = new Set<() => void>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Notes a change of state. The log says it once; the screen and the uplink are told by `onChange`. */
  set(role: DeviceRole, supervised: SupervisedState): void {
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

  /** What an officer has to mend now. */
  get problems(): ScreenView['deviceProblems'] {
    return this.states.flatMap(({ role, error }) => (error ? [{ role, code: error }] : []));
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
