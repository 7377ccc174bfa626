/** Looks at a kiosk's disk from outside: the file system, the databases, what the command line says of them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { run } from '../fixtures/command.ts';

const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
const tool = (name: string, words: readonly string[]) =>
  promisify(execFile)(name, words, { env: { ...process.env, PATH } });

export interface DiskFindings {
  /** What is wrong; nothing on a disk that may be used again. */
  readonly complaints: readonly string[];
  /** Packets in the outbox, delivered ones too -> state. */
  readonly packets: ReadonlyMap<string, string>;
  readonly auditEntries: number;
}

/**
 * @param disk left as it is: what is looked at is a copy
 * @param configFile the kiosk's, as it stands on this host
 */
export async function checkDisk(disk: string, folder: string, configFile: string): Promise<DiskFindings> {
  const work = await mkdtemp(join(folder, 'check-'));
  try {
    const complaints: string[] = [];
    const copy = join(work, 'copy.ext4');
    await tool('cp', ['--sparse=always', disk, copy]);
    // e2fsck(8): 1 is what the journal leads one to expect after a cut (orphans removed); from 4 on something is wrong.
    const mended = await tool('e2fsck', ['-p', copy]).then(
      () => 0,
      ({ code }) => Number(code),
    );
    if (mended > 1) complaints.push(`e2fsck -p: exit code ${mended}`);
    await tool('e2fsck', ['-f', '-n', copy]).catch(({ stdout }) => complaints.push(`e2fsck -fn: ${stdout}`));
    await tool('debugfs', ['-R', `rdump /var/lib/vantay ${work}`, copy]).catch(({ stderr }) =>
      complaints.push(`debugfs: ${stderr}`),
    );
    const state = join(work, 'vantay');
    complaints.push(...integrity(join(state, 'outbox.sqlite')));
    const config = join(work, 'agent.yaml');
    const settings = parse(await readFile(configFile, 'utf8')) as object;
    await writeFile(config, stringify({ ...settings, stateDir: state }), { mode: 0o600 });
    const [list, audit] = [
      await run(['outbox', 'list', '--all', '--json', '--config', config]),
      await run(['audit', 'verify', '--json', '--config', config]),
    ];
    for (const { code, stderr } of [list, audit])
      if (code !== 0) complaints.push(`exit code ${code}: ${stderr}`);
    const rows = (list.code === 0 ? JSON.parse(list.stdout).list : []) as {
      packetId: string;
      state: string;
    }[];
    return {
      complaints,
      packets: new Map(rows.map(({ packetId, state }) => [packetId, state])),
      auditEntries: audit.code === 0 ? JSON.parse(audit.stdout).head.entries : 0,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What SQLite says of a file of its own. */
function integrity(path: string): string[] {
  try {
    const database = new DatabaseSync(path);
    const [verdict] = Object.values(database.prepare('PRAGMA integrity_check').get() ?? {});
    database.close();
    return verdict === 'ok' ? [] : [`integrity_check: ${verdict}`];
  } catch (error) {
    return [`integrity_check: ${error instanceof Error ? error.message : error}`];
  }
}
