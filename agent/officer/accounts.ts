/** Who may sign in: a file in the state folder, written by the command line and by the first use of an invitation. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../contract/config.ts';
import { type Account, Accounts, type Passkey, type Role } from '../contract/officer.ts';
import { writeWhole } from '../keys/files.ts';
import { VantayError } from '../ops/errors.ts';

/** Where a kiosk keeps them. */
export const accountsFile = ({ stateDir }: Pick<Config, 'stateDir'>): string =>
  join(stateDir, 'officers.json');

/** How long an invitation can be used, in milliseconds: from the desk of who gave it to the kiosk. */
const INVITATION_MS = 30 * 60_000;

/** @throws VantayError OFFICER_FILE when it is there and cannot be read */
export async function readAccounts(file: string): Promise<Account[]> {
  try {
    return Accounts.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new VantayError('OFFICER_FILE', `cannot read ${file}`, { cause });
  }
}

/**
 * Invites an officer to register one more passkey; makes the account when there is none.
 * @returns the code to be typed at the console, once
 * @throws VantayError OFFICER_FILE
 */
export async function invite(file: string, officer: string, role: Role, now: Date): Promise<string> {
  const code = randomBytes(9).toString('base64url');
  const accounts = await readAccounts(file);
  const known = accounts.find(account => account.officer === officer);
  const invitation = { sha256: hashOf(code), expiresAtMs: now.getTime() + INVITATION_MS };
  const invited: Account = { officer, role, passkeys: known?.passkeys ?? [], invitation };
  await write(file, [...accounts.filter(account => account !== known), invited]);
  return code;
}

/** Takes an officer's account away. False when there was none. */
export async function dismiss(file: string, officer: string): Promise<boolean> {
  const accounts = await readAccounts(file);
  const left = accounts.filter(account => account.officer !== officer);
  if (left.length === accounts.length) return false;
  await write(file, left);
  return true;
}

/** The account that a code invites; null when it does not. */
export async function invited(
  file: string,
  officer: string,
  code: string,
  now: Date,
): Promise<Account | null> {
  const account = (await readAccounts(file)).find(({ officer: name }) => name === officer);
  const invitation = account?.invitation;
  if (!account || !invitation || invitation.expiresAtMs < now.getTime()) return null;
  return invitation.sha256 === hashOf(code) ? account : null;
}

/** Notes a new passkey, for which the invitation is used up, or the new counter of a known one. */
export async function keepPasskey(file: string, officer: string, passkey: Passkey): Promise<void> {
  const accounts = await readAccounts(file);
  await write(
    file,
    accounts.map(account => {
      if (account.officer !== officer) return account;
      const known = account.passkeys.some(({ id }) => id === passkey.id);
      return known
        ? { ...account, passkeys: account.passkeys.map(one => (one.id === passkey.id ? passkey : one)) }
        : { ...account, passkeys: [...account.passkeys, passkey], invitation: null };
    }),
  );
}

const write = (file: string, accounts: readonly Account[]): Promise<void> =>
  writeWhole(file, `${JSON.stringify(accounts, null, 2)}\n`);

/** A code has 72 random bits and lives for minutes, so a plain hash of it cannot be turned round in time. */
const hashOf = (code: string): string => createHash('sha256').update(code).digest('hex');
