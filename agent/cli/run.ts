import { Command } from 'commander';
import { startAgent } from '../compose.ts';
import { loadConfig } from '../ops/config.ts';
import { createLog } from '../ops/log.ts';
import { forbidDumps, leaksOfMemory } from '../ops/no-dumps.ts';
import { VERSION } from '../version.ts';
import { EXIT, exitWith } from './exit.ts';

/** Longest a stop may take before the process ends all the same, in milliseconds. What is accepted is durable already. */
const STOP_DEADLINE_MS = 5_000;

/** `vantay run`: the agent, until SIGTERM or SIGINT. Logs JSON lines to standard output; the ready line names the screen. */
export function runVerb(): Command {
  return new Command('run')
    .description('run the agent of one kiosk')
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--json', 'errors as one JSON object')
    .action(async (options: { config: string }) => {
      const config = loadConfig(options.config, process.env);
      const log = createLog(config.log.level);
      // A message that Node prints itself has not been looked through for what is personal.
      process.on('uncaughtException', err => {
        log.fatal({ err }, 'a fault in the agent itself');
        process.exit(EXIT.failed);
      });
      await forbidDumps();
      const leaks = leaksOfMemory();
      if (leaks.length > 0) log.warn({ code: 'MEMORY_ON_DISK', leaks }, 'memory could reach a disk');
      const agent = await startAgent(config, log);
      log.info({ screen: agent.screen, officer: agent.officer, version: VERSION, pid: process.pid }, 'ready');
      const stop = async () => {
        setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
        const pauses = agent.visitPauses;
        log.info(
          pauses ? { eventLoopDelayP99Ms: pauses.p99Ms, eventLoopDelayMaxMs: pauses.maxMs } : {},
          'stopping',
        );
        await agent[Symbol.asyncDispose]();
        log.info('stopped');
        process.exit(0);
      };
      for (const signal of ['SIGTERM', 'SIGINT'] as const)
        process.once(signal, () => void stop().catch(exitWith));
    });
}
