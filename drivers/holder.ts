import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * Which process has a device open, as `fuser` would tell: `modem-manager (process 812)`. Undefined when none is seen;
 * processes of other users are seen by root alone.
 */
export async function holderOf(path: string): Promise<string | undefined> {
  const node = await realpath(path).catch(() => path);
  for (const id of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    if (Number(id) === process.pid || !(await hasOpen(id, node))) continue;
    const [program = ''] = (await readFile(join('/proc', id, 'cmdline'), 'utf8').catch(() => '')).split('\0');
    return `${basename(program) || 'a program'} (process ${id})`;
  }
  return undefined;
}

async function hasOpen(processId: string, node: string): Promise<boolean> {
  const folder = join('/proc', processId, 'fd');
  const files = await readdir(folder).catch((): string[] => []);
  const targets = await Promise.all(files.map(file => readlink(join(folder, file)).catch(() => '')));
  return targets.includes(node);
}
