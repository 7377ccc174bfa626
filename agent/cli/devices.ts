import { Command } from 'commander';
import { type ListedDevice, listDevices } from '../../drivers/list-devices.ts';
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
    .addCommand(recordVerb());
}

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
  const lines = plugged.map(
    ({ path, vendorId, productId, description }) => `${path}  ${vendorId}:${productId}  ${description}`,
  );
  const found = configured.map(({ check, ok, code, detail, remedy }) =>
    ok ? `${check}: ${detail}` : `${check}: ${code}: ${detail}\n  ${remedy}`,
  );
  return [lines.length > 0 ? lines.join('\n') : 'no serial or video device is plugged in', ...found].join(
    '\n',
  );
}
