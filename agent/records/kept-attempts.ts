/** Counts of failed attempts that outlive this process: a file of keyed hashes, under the key of the kept records. */
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { KeptAttempts } from '../contract/attempts.ts';
import type { Config } from '../contract/config.ts';
import { readIfThere, writeWhole } from '../keys/files.ts';
import { AttemptLimit } from './attempts.ts';
import { readWrappingKeys } from './keep.ts';

export interface AttemptMemory {
  /** The same limit each time. */
  load(): Promise<AttemptLimit>;
  /** Writes down what it counts; what cannot be written down still counts in memory. */
  keep(limit: AttemptLimit): Promise<void>;
}

/** Nothing is written down. */
export function forThisRun(): AttemptMemory {
  const limit = new AttemptLimit();
  return { load: async () => limit, keep: async () => undefined };
}

/** Without kept records there is no key from outside this disk, and under one beside it claims could be guessed. */
export const attemptsOf = ({ records, stateDir }: Config): AttemptMemory =>
  records ? keptAttempts(join(stateDir, 'attempts.json'), records.keyFile) : forThisRun();

/** @param keyFile as the kept records have it */
export function keptAttempts(file: string, keyFile: string): AttemptMemory {
  let loaded: Promise<AttemptLimit> | null = null;
  let written = '';
  return {
    load() {
      loaded ??= limitOf(file, keyFile).then(limit => {
        written = JSON.stringify(limit.rows);
        return limit;
      });
      return loaded;
    },
    async keep(limit) {
      const text = JSON.stringify(limit.rows);
      if (text === written) return;
      try {
        await writeWhole(file, text);
        written = text;
      } catch {
        // A full disk keeps new visits out by itself; this one goes on.
      }
    },
  };
}

/** Counts under another key, damaged or of nobody begin anew: they limit guessing, and nobody was promised anything by them. */
async function limitOf(file: string, keyFile: string): Promise<AttemptLimit> {
  try {
    const [current] = await readWrappingKeys(keyFile);
    if (!current) return new AttemptLimit();
    const key = createHmac('sha256', current.key).update('vantay records: claims that failed').digest();
    const rows = KeptAttempts.safeParse(parsed((await readIfThere(file)) ?? '[]'));
    return new AttemptLimit(key, rows.success ? rows.data : []);
  } catch {
    return new AttemptLimit();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
