/**
 * The process that owns one HID device: node-hid is native code, and what crashes in it must not take the agent along.
 * Started by hid.ts with the device's path; ends when its parent does.
 */
import HID from 'node-hid';
import type { FromHidHost, ToHidHost } from './hid-messages.ts';

const tell = (message: FromHidHost) => process.send?.(message);
const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const path = process.argv[2] ?? '';
// The other backend, libusb, would detach the kernel's driver.
HID.setDriverType('hidraw');

process.on('disconnect', () => process.exit(0));
try {
  const device = await HID.HIDAsync.open(path);
  device.on('data', (report: Buffer) => tell({ kind: 'report', report }));
  device.on('error', (error: unknown) => tell({ kind: 'lost', text: textOf(error) }));
  process.on('message', (message: ToHidHost) => {
    act(device, message).then(
      report => tell({ kind: 'done', id: message.id, report }),
      (error: unknown) => tell({ kind: 'failed', id: message.id, text: textOf(error) }),
    );
  });
  tell({ kind: 'open' });
} catch (error) {
  tell({ kind: 'refused', text: textOf(error) });
}

async function act(device: HID.HIDAsync, message: ToHidHost): Promise<Uint8Array | null> {
  switch (message.kind) {
    case 'write':
      await device.write(Buffer.from(message.report));
      return null;
    case 'send-feature':
      await device.sendFeatureReport(Buffer.from(message.report));
      return null;
    case 'get-feature':
      return device.getFeatureReport(message.number, message.bytes);
  }
}
