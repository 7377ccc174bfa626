import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { openKeys, openOutboxFile } from '../compose.ts';
import type { Config } from '../contract/config.ts';
import { loadConfig } from '../ops/config.ts';
import { VantayError } from '../ops/errors.ts';
import { createLog } from '../ops/log.ts';
import { exportPackets } from '../outbox/medium.ts';
import { takeReceipts } from '../outbox/take-receipts.ts';
import type { PacketRow } from '../outbox/types.ts';
import { EXIT, print } from './exit.ts';

interface Options {
  readonly config: string;
  readonly json?: boolean;
}

/** `vantay outbox list|retry|export|import`: the packets that wait, also beside a running agent. */
export function outboxVerb(): Command {
  return new Command('outbox')
    .description('packets that wait for delivery, and their way on a removable medium')
    .addCommand(list())
    .addCommand(retry())
    .addCommand(exportVerb())
    .addCommand(importVerb());
}

const verb = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print one JSON object');

const list = (): Command =>
  verb('list', 'packets on this kiosk, oldest first')
    .option('--all', 'delivered ones as well')
    .action(({ config: file, json, all }: Options & { all?: boolean }) => {
      using store = openOutboxFile(loadConfig(file, process.env));
      const packets = store.list(all === true).map(described);
      const status = store.call('status', { nowMs: Date.now() });
      print(json, { ...status, list: packets }, () =>
        [...packets.map(line), `${status.packets} packets, ${status.bytes} bytes`].join('\n'),
      );
    });

const retry = (): Command =>
  verb('retry', 'send packets again that the backend rejected')
    .argument('[id...]', 'packets; without any, all that were rejected')
    .action((ids: string[], { config: file, json }: Options) => {
      using store = openOutboxFile(loadConfig(file, process.env));
      const wanted =
        ids.length > 0 ? ids : store.list(false).flatMap(row => (row.state === 'rejected' ? [row.id] : []));
      const retried = wanted.filter(id => store.retry(id, Date.now()));
      const unknown = wanted.filter(id => !retried.includes(id));
      print(json, { retried, unknown }, () =>
        [`${retried.length} packets queued again`, ...unknown.map(id => `${id}: was not rejected`)].join(
          '\n',
        ),
      );
      if (unknown.length > 0) process.exitCode = EXIT.findings;
    });

const exportVerb = (): Command =>
  verb('export', 'copy undelivered packets, sealed, to a removable medium; deletes nothing')
    .requiredOption('--to <folder>', 'folder to make on the medium')
    .action(async ({ config: file, json, to }: Options & { to: string }) => {
      const config = loadConfig(file, process.env);
      const { office, kiosk } = config;
      await using keys = await openKeys(config, createLog('silent'));
      using store = openOutboxFile(config);
      const audit = store.call('auditHead', null);
      const { signer } = keys;
      const exported = await exportPackets(store.held(), {
        ...{ folder: to, office, kiosk, signer, audit, now: new Date() },
      });
      store.call('record', { event: { event: 'packets_exported', ...exported }, nowMs: Date.now() });
      print(json, { folder: to, ...exported }, () => `${exported.packets} packets copied to ${to}`);
    });

const importVerb = (): Command =>
  verb('import', "take the backend's receipts for exported packets from a medium")
    .argument('<path>', 'the exported folder as it came back, or a file of receipts, one a line')
    .action(async (path: string, { config: file, json }: Options) => {
      const config: Config = loadConfig(file, process.env);
      const receipts = (await textOf(path)).split('\n').filter(line => line !== '');
      await using keys = await openKeys(config, createLog('silent'));
      using store = openOutboxFile(config);
      const taken = takeReceipts(store, receipts, { trust: keys.trust, now: new Date() }, config);
      const refused = Object.entries(taken.refused).map(([code, count]) => `${count} refused: ${code}`);
      print(json, taken, () =>
        [`${taken.applied} receipts applied, ${taken.unchanged} known already`, ...refused].join('\n'),
      );
      if (refused.length > 0) process.exitCode = EXIT.findings;
    });

async function textOf(path: string): Promise<string> {
  try {
    const folder = (await stat(path)).isDirectory();
    return await readFile(folder ? join(path, 'receipts.jws') : path, 'latin1');
  } catch (cause) {
    throw new VantayError('FILE_UNREADABLE', `cannot read receipts from ${path}`, { cause });
  }
}

const described = ({
  id,
  sequence,
  state,
  attempts,
  bytes,
  acceptedAtMs,
  receiptState,
  receiptCode,
}: PacketRow) => ({
  ...{ packetId: id, sequence, state, attempts, bytes, receiptState, receiptCode },
  acceptedAt: new Date(acceptedAtMs).toISOString(),
});

const line = (packet: ReturnType<typeof described>): string =>
  [
    packet.sequence,
    packet.packetId,
    packet.state,
    packet.acceptedAt,
    `${packet.bytes} bytes`,
    `sent ${packet.attempts} times`,
    packet.receiptCode ?? '',
  ]
    .join('  ')
    .trimEnd();
