import { DeviceError } from '../../drivers/device.ts';
import type { Supervised } from '../../drivers/supervise.ts';
import type { DeviceUse } from './ports.ts';

/**
 * A device that its user never gives up on: work that a fault of the device ended is done again once it is back. The
 * applicant sees the fault on the screen meanwhile; only the visit's own end (its signal) ends the wait.
 */
export function patient<Device>(supervised: Supervised<Device>): DeviceUse<Device> {
  return {
    async use(work, signal) {
      for (;;) {
        signal.throwIfAborted();
        try {
          return await supervised.use(device => work(device), signal);
        } catch (error) {
          if (!(error instanceof DeviceError)) throw error;
        }
      }
    },
  };
}
