import { DeviceError } from './device.ts';
import { type ListedDevice, listDevices } from './list-devices.ts';

/** `usb:10c4:ea80` or `usb:10c4:ea80:SERIAL`: vendor, product and serial number as `vantay devices` prints them. */
const BY_IDENTITY = /^usb:([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?$/i;

/**
 * The device node to open: a path as it is, or the one device of this bus that the settings allow by vendor, product
 * and serial number. Asked anew at each opening: the node of a device that came back may be another.
 * @param root of the file system, for tests
 * @throws DeviceError DEVICE_NOT_FOUND when there is none, naming what is there in its place; DEVICE_FAULT when several fit
 */
export async function deviceNode(path: string, bus: ListedDevice['bus'], root = '/'): Promise<string> {
  const wanted = BY_IDENTITY.exec(path);
  if (wanted === null) return path;
  const [, vendorId = '', productId = '', serial] = wanted;
  const alike = (await listDevices(root)).filter(
    device =>
      device.bus === bus &&
      device.vendorId === vendorId.toLowerCase() &&
      device.productId === productId.toLowerCase(),
  );
  const fitting = alike.filter(device => serial === undefined || device.serial === serial);
  const [found, ...others] = fitting;
  if (found === undefined) {
    const others = alike.map(device => device.serial || 'none').join(', ');
    const instead = others === '' ? '' : `; plugged in are such devices with serial number ${others}`;
    throw new DeviceError('DEVICE_NOT_FOUND', `${path}: no such device is plugged in${instead}`);
  }
  if (others.length > 0) {
    const all = fitting.map(({ node }) => node).join(', ');
    throw new DeviceError('DEVICE_FAULT', `${path} fits several devices (${all}): add the serial number`);
  }
  return found.node;
}
