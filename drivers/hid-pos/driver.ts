import { deviceNode } from '../find-device.ts';
import { openHid } from '../link/hid.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { TextReader } from '../serial-mrz/reader.ts';
import { CodeText } from './codes.ts';
import { CodeLink, readCodeLayout } from './link.ts';

export interface HidPosSettings {
  /** hidraw device of the scanner, or as {@link deviceNode} finds it. */
  readonly path: string;
}

/**
 * A bar code scanner as a document reader: some documents and letters carry the machine-readable zone as a code, others a
 * code of their own, such as that of an appointment.
 * @throws DeviceError as {@link deviceNode}, {@link readCodeLayout} and {@link openHid} do
 */
export async function openHidPos(
  settings: HidPosSettings,
  signal: AbortSignal,
  tap: Tap = UNTAPPED,
): Promise<TextReader> {
  const node = await deviceNode(settings.path, 'hid');
  const layout = await readCodeLayout(node);
  const link = tap(new CodeLink(await openHid(node, signal), layout));
  const what = { driver: 'hid-pos', model: 'HID POS bar code scanner' };
  return new TextReader(link, what, new CodeText());
}
