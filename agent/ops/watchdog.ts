import type { Log } from './log.ts';
import { type Pulses, standingStill } from './pulse.ts';
import type { ServiceManager } from './service-manager.ts';

/** Of the time within which it has to be fed: a busy machine may miss two turns. */
const SHARE = 1 / 4;

/**
 * Feeds the service manager's watchdog while every loop moves. Once one stands still, or this process itself, the manager
 * ends the agent and starts it anew.
 */
export class Watchdog implements Disposable {
  readonly #timer: NodeJS.Timeout | undefined;
  #still = '';

  /** @param pulses the loops of now; they change when an agent is exchanged for another */
  constructor(manager: ServiceManager, pulses: () => Pulses, log: Log) {
    if (manager.watchdogMs === null) return;
    const turn = () => {
      const still = standingStill(pulses());
      if (still.length === 0) manager.tell('WATCHDOG=1');
      if (still.length > 0 && still.join() !== this.#still)
        log.error({ code: 'LOOP_STANDS_STILL', loops: still }, 'the watchdog is not fed');
      this.#still = still.join();
    };
    turn();
    this.#timer = setInterval(turn, manager.watchdogMs * SHARE);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
