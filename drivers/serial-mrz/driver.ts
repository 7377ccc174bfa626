import { deviceNode } from '../find-device.ts';
import { openSerial } from '../link/serial.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { ZoneReader } from './reader.ts';

export interface SerialMrzSettings {
  /** tty of the reader, or as {@link deviceNode} finds it. */
  readonly path: string;
  /** Bits per second; 9600, the usual factory setting of serial readers, when absent. */
  readonly baud?: number;
}

const DEFAULT_BAUD = 9_600;

/** Opens the reader's serial port. @throws DeviceError as {@link openSerial} does */
export async function openSerialMrz(
  settings: SerialMrzSettings,
  signal: AbortSignal,
  tap: Tap = UNTAPPED,
): Promise<ZoneReader> {
  const node = await deviceNode(settings.path, 'serial');
  const link = tap(await openSerial(node, settings.baud ?? DEFAULT_BAUD, signal));
  return new ZoneReader(link, { driver: 'serial-mrz', model: 'serial MRZ reader' });
}
