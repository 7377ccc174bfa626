import { Command } from 'commander';
import { type Agent, startAgent } from '../compose.ts';
import { checkConfig, loadConfig } from '../ops/config.ts';
import { createLog, type Log } from '../ops/log.ts';
import { forbidDumps, leaksOfMemory } from '../ops/no-dumps.ts';
import { Reloader } from '../ops/reloader.ts';
import { serviceManager } from '../ops/service-manager.ts';
import { Watchdog } from '../ops/watchdog.ts';
import { VERSION } from '../version.ts';
import { EXIT, exitWith } from './exit.ts';

/** Longest a stop may take before the process ends all the same, in milliseconds. What is accepted is durable already. */
const STOP_DEADLINE_MS = 5_000;

/**
 * `vantay run`: the agent, until SIGTERM or SIGINT; SIGHUP takes the configuration up anew. Logs JSON lines to standard
 * output; the ready line names the screen.
 */
export function runVerb(): Command {
  return new Command('run')
    .description('run the agent of one kiosk')
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--json', 'errors as one JSON object')
    .action(async ({ config: file }: { config: string }) => {
      const config = loadConfig(file, process.env);
      const log = createLog(config.log.level);
      // A message that Node prints itself has not been looked through for what is personal.
      process.on('uncaughtException', err => {
        log.fatal({ err }, 'a fault in the agent itself');
        process.exit(EXIT.failed);
      });
      await forbidDumps();
      const leaks = leaksOfMemory();
      if (leaks.length > 0) log.warn({ code: 'MEMORY_ON_DISK', leaks }, 'memory could reach a disk');
      const manager = await serviceManager(process.env);
      // Asked to stop while it starts, it starts and then stops: nothing is left half made.
      const starting = Reloader.start<Agent>({
        config,
        read: () => ({ ...checkConfig(file, process.env), file }),
        start: wanted => startAgent(wanted, log),
        onReady: ({ screen, officer }) =>
          log.info({ screen, officer, version: VERSION, pid: process.pid }, 'ready'),
        log,
      });
      const stop = async () => {
        manager.tell('STOPPING=1');
        setTimeout(() => process.exit(EXIT.findings), STOP_DEADLINE_MS).unref();
        await end(await starting, log);
        process.exit(EXIT.done);
      };
      for (const signal of ['SIGTERM', 'SIGINT'] as const)
        process.once(signal, () => void stop().catch(exitWith));
      process.on('SIGHUP', () => {
        manager.tell('RELOADING=1');
        starting.then(reloader => reloader.reload()).then(() => manager.tell('READY=1'), exitWith);
      });
      const reloader = await starting;
      new Watchdog(manager, () => reloader.agent.pulses, log);
      manager.tell('READY=1');
    });
}

async function end(reloader: Reloader<Agent>, log: Log): Promise<void> {
  const pauses = reloader.agent.visitPauses;
  log.info(
    pauses ? { eventLoopDelayP99Ms: pauses.p99Ms, eventLoopDelayMaxMs: pauses.maxMs } : {},
    'stopping',
  );
  await reloader[Symbol.asyncDispose]();
  log.info('stopped');
}
