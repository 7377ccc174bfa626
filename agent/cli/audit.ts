import { Command, InvalidArgumentError } from 'commander';
import { verifyChain } from '../audit/verify.ts';
import { openOutboxFile } from '../compose.ts';
import { AuditHead } from '../contract/audit.ts';
import { loadConfig } from '../ops/config.ts';
import { EXIT, print } from './exit.ts';

/** `vantay audit verify`: follows the audit chain from its beginning. */
export function auditVerb(): Command {
  const verify = new Command('verify')
    .description('follow the audit chain to its first broken link')
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option(
      '--head <entries:sha256>',
      'a head published with a health message or a packet; may be given again',
      (text: string, before: AuditHead[]) => [...before, head(text)],
      [],
    )
    .option('--json', 'print one JSON object')
    .action(({ config, head: published, json }: { config: string; head: AuditHead[]; json?: boolean }) => {
      using store = openOutboxFile(loadConfig(config, process.env));
      const found = verifyChain(store.auditEntries(), published);
      print(json, found, () =>
        found.intact
          ? `intact: ${found.head.entries} entries, head ${found.head.entries}:${found.head.sha256}`
          : `broken at entry ${found.index}: ${found.reason}`,
      );
      if (!found.intact) process.exitCode = EXIT.findings;
    });
  return new Command('audit').description('the audit chain').addCommand(verify);
}

function head(text: string): AuditHead {
  const [entries, sha256] = text.split(':');
  const parsed = AuditHead.safeParse({ entries: Number(entries), sha256 });
  if (!parsed.success) throw new InvalidArgumentError('not of the form 123:<64 hex digits>');
  return parsed.data;
}
