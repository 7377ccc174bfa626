/** kill -9 at random points of a synchronisation and of sealing anew: nothing that was durable is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CacheStore } from '../../agent/records/cache/store.ts';
import { claimOf, Log, NOW_MS, optionsFor } from '../fixtures/kept-records.ts';
import { Mortal } from './process.ts';

const CHILD = fileURLToPath(new URL('../fixtures/records-child.ts', import.meta.url));

export interface CrashResult {
  readonly kills: number;
  /** Times that the log was followed to its end, and times that a key was replaced completely. */
  readonly completed: number;
  readonly lost: readonly string[];
}

/**
 * Kills the child `kills` times, each time at a random moment after it opened the file, and looks at what it left.
 * @param task see records-child.ts
 * @param restart makes the file empty again once the log was followed to its end
 */
export async function crash(
  task: 'follow' | 'rotate',
  path: string,
  kills: number,
  restart: () => void,
): Promise<CrashResult> {
  const lost: string[] = [];
  let completed = 0;
  let promised = 0;
  let generation = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const opened = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    await using child = new Mortal(CHILD, [path, task], line => {
      const [word, value] = line.split(' ');
      if (word === 'open') opened.resolve();
      if (word === 'have') promised = Number(value);
      if (word === 'key') generation = Number(value);
      if (word === 'sealed') completed += 1;
      if (word === 'have' && promised === END) ended.resolve();
    });
    child.start();
    // Opening the file is a part of it: every fourth dies around that.
    if (kill % 4 !== 0) await opened.promise;
    await Promise.race([sleep(Math.random() * SPAN_MS[task]), ended.promise]);
    await child.kill();
    lost.push(...examine(task, path, promised, generation));
    if (task === 'follow' && promised === END) {
      completed += 1;
      promised = 0;
      restart();
    }
  }
  return { kills, completed, lost };
}

const LOG = Log.long();
const END = LOG.version;
/** About as long as the work takes, milliseconds, so that every part of it is met. */
const SPAN_MS = { follow: 500, rotate: 400 };

/** What is wrong with the file after a crash; opening it verifies the tree, reading it every seal. */
function examine(task: 'follow' | 'rotate', path: string, promised: number, generation: number): string[] {
  try {
    using store = new CacheStore(optionsFor(path), NOW_MS);
    const wrong: string[] = [];
    const { version, records, keyGeneration } = store.status();
    if (task === 'follow' && version < promised)
      wrong.push(`version ${version} after ${promised} was durable`);
    if (task === 'rotate' && keyGeneration < generation)
      wrong.push(`key ${keyGeneration} after ${generation}`);
    const known = LOG.upTo(version);
    if (records !== known.length) wrong.push(`${records} records at version ${version}, not ${known.length}`);
    for (const record of known) {
      const found = store.find(claimOf(Number(record.recordId.split('-')[1])), NOW_MS);
      if (found?.state !== 'found' || found.record.version !== record.version)
        wrong.push(`${record.recordId} is not as it was`);
    }
    if (store.faces(0, 1000).ids.length !== known.length) wrong.push('faces are missing');
    return wrong;
  } catch (error) {
    return [String((error as { code?: unknown }).code ?? error)];
  }
}
