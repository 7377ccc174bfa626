import { FaultInjector, type SensorFaults } from '../sensor/faults.ts';
import type { GrayImageLike } from '../sensor/image.ts';
import { factoryFlash, SensorModule } from '../sensor/module.ts';
import { PacketReader, writePacket } from '../sensor/wire.ts';

const SHAPE = { width: 256, height: 288, capacity: 1000, systemId: 9 } as const;
/** Factory setting: 9600 * 6. */
const SENSOR_BAUD = 57_600;

export interface UartSensor {
  /** Bytes from the bridge; at another speed than its own the sensor hears noise and says nothing. */
  hear(bytes: Uint8Array, baud: number): void;
  arm(faults: SensorFaults): void;
  reset(): void;
}

/**
 * A sensor of the R30x family soldered to the UART of a USB bridge.
 * @param say takes what the sensor sends
 * @param unplug hears that an armed fault pulled the cable
 */
export function uartSensor(
  finger: () => GrayImageLike | null,
  say: (bytes: Uint8Array) => void,
  unplug: () => void,
): UartSensor {
  const faults = new FaultInjector();
  const module = new SensorModule(factoryFlash(), SHAPE, finger, faults);
  const reader = new PacketReader();
  return {
    hear(bytes, baud) {
      if (baud !== SENSOR_BAUD) return;
      for (const packet of reader.push(bytes)) {
        for (const output of module.handle(packet)) {
          const sent = faults.apply('raw' in output ? output.raw : writePacket(output.packet));
          if (sent.bytes.length > 0) say(sent.bytes);
          if (sent.outcome !== 'unplugged') continue;
          unplug();
          return;
        }
      }
    },
    arm: armed => faults.arm(armed),
    reset() {
      faults.replugged();
      module.reset();
      reader.clear();
    },
  };
}
