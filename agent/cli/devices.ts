import { Command } from 'commander';
import { type ListedDevice, listDevices } from '../../drivers/list-devices.ts';
import { watchDevices } from '../../drivers/watch-devices.ts';
import { deviceOpeners } from '../compose.ts';
import { loadConfig } from '../ops/config.ts';
import { examine, type Finding } from '../ops/doctor.ts';
import { EXIT, print } from './exit.ts';
import { recordVerb } from './record.ts';

/** `vantay devices`: what is plugged in, and with a configuration whether each configured device answers. */
export function devicesVerb(): Command {
  return new Command('devices')
    .enablePositionalOptions()
    .description('list what is plugged in; with --config open each configured device once')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print one JSON object')
    .action(async (options: { config?: string; json?: boolean }) => {
      const plugged = await listDevices();
      const configured = options.config ? await examine(deviceChecks(options.config)) : [];
      print(options.json, { plugged, configured }, () => text(plugged, configured));
      if (configured.some(({ ok }) => !ok)) process.exitCode = EXIT.findings;
    })
    .addCommand(recordVerb())
    .addCommand(watchVerb());
}

/** `vantay devices watch`: what is plugged in, then what comes and goes, a line each, until it is interrupted. */
function watchVerb(): Command {
  return new Command('watch')
    .description('what is plugged in, then each device that comes or goes, until interrupted')
    .option('--json', 'print one JSON object a line')
    .action(async ({ json }: { json?: boolean }) => {
      const interrupted = new AbortController();
      process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort());
      try {
        for await (const found of watchDevices(interrupted.signal))
          print(json, found, () => `${found.change === 'came' ? '+' : '-'} ${line(found.device)}`);
      } catch (error) {
        if (!interrupted.signal.aborted) throw error;
      }
    });
}

const line = ({ path, vendorId, productId, serial, description }: ListedDevice): string =>
  `${path}  ${[vendorId, productId, serial].filter(Boolean).join(':')}  ${description}`;

/** Each configured device, opened, named, and closed again. */
export const deviceChecks = (file: string) =>
  Object.entries(deviceOpeners(loadConfig(file, process.env))).map(([name, open]) => ({
    name,
    look: async (signal: AbortSignal) => {
      await using device = await open(signal);
      const { driver, model, serial, location } = device.identity;
      return [driver, model, serial, location].filter(Boolean).join(', ');
    },
  }));

function text(plugged: readonly ListedDevice[], configured: readonly Finding[]): string {
  const lines = plugged.map(line);
  const found = configured.map(({ check, ok, code, detail, remedy }) =>
    ok ? `${check}: ${detail}` : `${check}: ${code}: ${detail}\n  ${remedy}`,
  );
  return [
    lines.length > 0 ? lines.join('\n') : 'no serial, video or HID device is plugged in',
    ...found,
  ].join('\n');
}
