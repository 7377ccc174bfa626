/** In the guest, as root: a CP2110 bridge with a sensor that the kernel is told of through /dev/uhid, until it is ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Cp2110Bridge, reportDescriptor } from '../../sim/usb/cp2110.ts';
import { uartSensor } from '../../sim/usb/uart-sensor.ts';
import { createUhid } from '../../sim/usb/uhid.ts';
import { drawnFinger } from '../wire/fingers.ts';

/**
 * Twice what 63 bytes take at 57,600 baud: hidraw keeps 64 reports for a reader and drops the rest without a word, and on a
 * busy host the emulated machine's readers are slow.
 */
const REPORT_EVERY_MS = 22;

const finger = drawnFinger(2);
let sending = Promise.resolve();
const sensor = uartSensor(
  () => finger,
  bytes => bridge.fromUart(bytes),
  () => {},
);
const bridge = new Cp2110Bridge(sensor.hear, report => {
  sending = sending.then(async () => {
    await device.input(report);
    await sleep(REPORT_EVERY_MS);
  });
});
const device = await createUhid({
  name: 'CP2110 without USB',
  serial: 'SIM00003',
  vendorId: 0x10c4,
  productId: 0xea80,
  reportDescriptor: reportDescriptor(),
  output: report => bridge.output(report),
  setFeature: report => bridge.setFeature(report),
  feature: number => bridge.feature(number),
});
