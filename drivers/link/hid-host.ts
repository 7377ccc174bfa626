/** The process that owns one HID device. Started by hid.ts with the device's path. */
import HID from 'node-hid';
import { own } from './host.ts';

const [, , path = ''] = process.argv;
// The other backend, libusb, would detach the kernel's driver.
HID.setDriverType('hidraw');

await own(async ({ input, lost }) => {
  const device = await HID.HIDAsync.open(path);
  device.on('data', input);
  device.on('error', lost);
  return async (ask, bytes) => {
    switch (ask) {
      case 'write':
        await device.write(bytes);
        return;
      case 'send-feature':
        await device.sendFeatureReport(bytes);
        return;
      case 'get-feature':
        return device.getFeatureReport(bytes.readUInt8(0), bytes.readUInt16BE(1));
      default:
        throw new Error(`a HID device cannot ${ask}`);
    }
  };
});
