import { parseArgs } from 'node:util';
import { FingerStudio, positionCode, simulatedPerson } from '../people/index.ts';
import { blink1 } from '../usb/blink1.ts';
import { busylight } from '../usb/busylight.ts';
import { cdcAcmSensor } from '../usb/cdc-acm.ts';
import { cp2110WithSensor } from '../usb/cp2110.ts';
import { UsbDevice } from '../usb/device.ts';
import { posScanner } from '../usb/pos-scanner.ts';
import { serveUsbip } from '../usb/usbip.ts';
import { runPart } from './process.ts';

/** The port that `usbip` asks. */
const USBIP_PORT = 3240;

/**
 * USB devices for a Linux with vhci-hcd, in a process: `[--port NUMBER] [--person SEED] [--every SECONDS]`. 1-1 and 1-2 are
 * fingerprint sensors (CP2110, CDC-ACM), 1-3 a bar code scanner that sees the passport again and again, 1-4 and 1-5 lights.
 */
export function usbPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...argv], options: { port: text, person: text, every: text } });
  return runPart(async started => {
    await using studio = new FingerStudio();
    const person = simulatedPerson(Number(values.person ?? 1), studio);
    const finger = await person.liveImpression(positionCode('right_index')!, 0, { signal: started });
    const unplug = () => {};
    const scanner = new UsbDevice(posScanner);
    const part = await serveUsbip(
      [
        new UsbDevice(cp2110WithSensor(() => finger, unplug)),
        new UsbDevice(cdcAcmSensor(() => finger, unplug)),
        scanner,
        new UsbDevice(() => blink1(() => {})),
        new UsbDevice(() => busylight(() => {})),
      ],
      Number(values.port ?? USBIP_PORT),
    );
    const zone = Buffer.from(person.identity.passport.mrz.join('\r'));
    const timer = setInterval(() => scanner.model.scan(']Q1', zone), Number(values.every ?? 5) * 1000);
    started.addEventListener('abort', () => clearInterval(timer), { once: true });
    return { part, ready: { part: 'usb', port: part.port } };
  }, signal);
}

if (import.meta.main) await usbPart(process.argv.slice(2));
