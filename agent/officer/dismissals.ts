/** Whoever is dismissed, or gets another role, is signed out at once: the file of accounts says so while the agent runs. */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Log } from '../ops/log.ts';
import { readAccounts } from './accounts.ts';
import type { Sessions } from './sessions.ts';

/**
 * Follows the file of accounts in its folder, since every change puts another file in its place.
 * @throws the system's error when the folder cannot be watched
 */
export function endWithAccounts(file: string, sessions: Sessions, log: Log): Disposable {
  const look = async () => {
    // Where nobody can say who may be signed in, nobody may.
    const accounts = await readAccounts(file).catch((error: unknown) => {
      log.error({ err: error }, 'officers are signed out: their accounts cannot be read');
      return [];
    });
    sessions.endWhere(
      ({ officer, role, method }) =>
        method !== 'pin' && !accounts.some(account => account.officer === officer && account.role === role),
    );
  };
  const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
    if (name === basename(file)) void look();
  });
  watcher.on('error', error => log.error({ err: error }, 'the accounts of officers cannot be followed'));
  return { [Symbol.dispose]: () => watcher.close() };
}
