import { Command } from 'commander';
import { checkConfig, findingsText } from '../ops/config.ts';
import { EXIT, print } from './exit.ts';

/** `vantay config check`: reads the configuration and says what is wrong with it, changing nothing. */
export function configVerb(): Command {
  const check = new Command('check')
    .description('check a configuration file and the VANTAY_ environment')
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print one JSON object')
    .action((options: { config: string; json?: boolean }) => {
      const result = checkConfig(options.config, process.env);
      const findings = result.ok ? [] : result.findings;
      const code = result.ok ? null : result.code;
      print(options.json, { ok: result.ok, code, file: options.config, findings }, () =>
        result.ok ? `${options.config}: no findings` : `${code}\n${findingsText(options.config, findings)}`,
      );
      if (!result.ok) process.exitCode = EXIT.failed;
    });
  return new Command('config').description('check the configuration').addCommand(check);
}
