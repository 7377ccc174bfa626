import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';

const SIMULATOR = fileURLToPath(new URL('../../sim/main.ts', import.meta.url));

/**
 * `vantay simulate ...`: runs the simulator as its own process, with its own options and help. The agent imports nothing
 * of it: what they share is the wires.
 */
export function simulateVerb(): Command {
  return new Command('simulate')
    .description('simulated hardware, registry, backend, broker; whole kiosks and visits (simulate --help)')
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async () => {
      const words = process.argv.slice(process.argv.indexOf('simulate') + 1);
      const child = spawn(process.execPath, [SIMULATOR, ...words], { stdio: 'inherit' });
      const forward = (signal: NodeJS.Signals) => child.kill(signal);
      process.on('SIGINT', forward).on('SIGTERM', forward);
      const code = await new Promise<number>((resolve, reject) => {
        child.on('error', reject);
        child.on('exit', (exitCode, signal) => resolve(exitCode ?? (signal ? 130 : 1)));
      });
      process.exit(code);
    });
}
