import { SCHEMA_VERSION } from '../contract/common.ts';
import {
  type DeviceState,
  type DeviceStates,
  type Health,
  type KioskState,
  TOPICS,
  topicOf,
} from '../contract/uplink.ts';
import type { KioskName } from './ports.ts';

/** The kiosk's own account of itself: what stands retained at the broker. Pure but for the devices it remembers. */
export class Presence {
  readonly #self: KioskName & { readonly boot: number; readonly agentVersion: string };
  readonly #now: () => Date;
  #devices: readonly DeviceState[] = [];

  constructor(self: KioskName & { readonly boot: number; readonly agentVersion: string }, now: () => Date) {
    this.#self = self;
    this.#now = now;
  }

  /** A state message with its topic. */
  state(state: KioskState['state']): { topic: string; payload: string } {
    const message: KioskState = {
      type: 'vantay.state',
      schemaVersion: SCHEMA_VERSION,
      state,
      boot: this.#self.boot,
      agentVersion: this.#self.agentVersion,
      at: this.#now().toISOString(),
    };
    return this.#message(TOPICS.state, message);
  }

  setDevices(devices: readonly DeviceState[]): void {
    this.#devices = devices;
  }

  devices(): { topic: string; payload: string } {
    const message: DeviceStates = {
      type: 'vantay.devices',
      schemaVersion: SCHEMA_VERSION,
      boot: this.#self.boot,
      devices: [...this.#devices],
      at: this.#now().toISOString(),
    };
    return this.#message(TOPICS.devices, message);
  }

  health(measured: Omit<Health, 'type' | 'schemaVersion' | 'boot' | 'at'>): {
    topic: string;
    payload: string;
  } {
    const message: Health = {
      type: 'vantay.health',
      schemaVersion: SCHEMA_VERSION,
      boot: this.#self.boot,
      at: this.#now().toISOString(),
      ...measured,
    };
    return this.#message(TOPICS.health, message);
  }

  #message(topic: (typeof TOPICS)[keyof typeof TOPICS], message: object): { topic: string; payload: string } {
    return { topic: topicOf(this.#self.office, this.#self.kiosk, topic), payload: JSON.stringify(message) };
  }
}
