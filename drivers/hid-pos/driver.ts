import { deviceNode } from '../find-device.ts';
import { openHid } from '../link/hid.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { ZoneReader } from '../serial-mrz/reader.ts';
import { CodeLink, readCodeLayout } from './link.ts';

export interface HidPosSettings {
  /** hidraw device of the scanner, or as {@link deviceNode} finds it. */
  readonly path: string;
}

/**
 * A bar code scanner as a document reader: documents and appointment letters carry their machine-readable zone as a code.
 * @throws DeviceError as {@link deviceNode}, {@link readCodeLayout} and {@link openHid} do
 */
export async function openHidPos(
  settings: HidPosSettings,
  signal: AbortSignal,
  tap: Tap = UNTAPPED,
): Promise<ZoneReader> {
  const node = await deviceNode(settings.path, 'hid');
  const layout = await readCodeLayout(node);
  const link = tap(new CodeLink(await openHid(node, signal), layout));
  return new ZoneReader(link, { driver: 'hid-pos', model: 'HID POS bar code scanner' });
}
