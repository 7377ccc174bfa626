import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dismiss, invite } from '../../agent/officer/accounts.ts';
import { endWithAccounts } from '../../agent/officer/dismissals.ts';
import { Sessions } from '../../agent/officer/sessions.ts';
import { SignIn } from '../../agent/officer/sign-in.ts';
import type { Clock } from '../../agent/ops/clock.ts';
import { createLog } from '../../agent/ops/log.ts';
import { Authenticator } from '../fixtures/authenticator.ts';

const ORIGIN = 'http://localhost:8421';

let folder: string;
let file: string;
let nowMs: number;
const clock: Clock = {
  now: () => new Date(nowMs),
  monotonicMs: () => nowMs,
  sleep: () => Promise.reject(new Error('not used here')),
};
let desk: SignIn;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-officers-'));
  file = join(folder, 'officers.json');
  nowMs = 1_780_000_000_000;
  desk = new SignIn({ file, origin: ORIGIN, pins: [], clock });
});
afterEach(() => rm(folder, { recursive: true }));

/** An officer with a passkey that was registered against an invitation. */
async function registered(officer: string, key = new Authenticator()): Promise<Authenticator> {
  const code = await invite(file, officer, 'officer', clock.now());
  const { challenge } = await desk.invitationOptions(officer, code);
  const credential = key.register({ origin: ORIGIN, challenge });
  await desk.whoIs({ kind: 'invitation', officer, code, credential });
  return key;
}

const asked = async () => (await desk.passkeyOptions()).challenge;
const refused = { code: 'SIGN_IN_REFUSED' };

describe('a passkey', () => {
  it('that was registered against an invitation says who it is, again and again', async () => {
    const [a, b] = [await registered('A-1'), await registered('B-2')];
    for (const [key, officer] of [
      [a, 'A-1'],
      [b, 'B-2'],
      [a, 'A-1'],
    ] as const) {
      const credential = key.assert({ origin: ORIGIN, challenge: await asked() });
      expect(await desk.whoIs({ kind: 'passkey', credential })).toEqual({ officer, role: 'officer' });
    }
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['of nobody', async () => new Authenticator().assert({ origin: ORIGIN, challenge: await asked() })],
    [
      'on a page of another origin',
      async (key: Authenticator) => key.assert({ origin: 'http://localhost:9', challenge: await asked() }),
    ],
    [
      'without the finger of its holder',
      async (key: Authenticator) => key.assert({ origin: ORIGIN, challenge: await asked(), verified: false }),
    ],
    [
      'that answers what was not asked',
      async (key: Authenticator) => key.assert({ origin: ORIGIN, challenge: 'AAAA' }),
    ],
    [
      'with the id of another',
      async (key: Authenticator) => ({
        ...new Authenticator().assert({ origin: ORIGIN, challenge: await asked() }),
        id: key.id,
        rawId: key.id,
      }),
    ],
  ])('%s is refused, and why is not told', async (_what, present) => {
    const credential = await present(await registered('A-1'));
    await expect(desk.whoIs({ kind: 'passkey', credential })).rejects.toMatchObject({
      ...refused,
      message: 'this shows nobody who may sign in',
    });
  });

  it('answers a challenge once, and not late', async () => {
    const key = await registered('A-1');
    const credential = key.assert({ origin: ORIGIN, challenge: await asked() });
    await desk.whoIs({ kind: 'passkey', credential });
    await expect(desk.whoIs({ kind: 'passkey', credential })).rejects.toMatchObject(refused);
    const late = key.assert({ origin: ORIGIN, challenge: await asked() });
    nowMs += 121_000;
    await expect(desk.whoIs({ kind: 'passkey', credential: late })).rejects.toMatchObject(refused);
  });

  it('of a dismissed officer is one of nobody', async () => {
    const key = await registered('A-1');
    expect(await dismiss(file, 'A-1')).toBe(true);
    expect(await dismiss(file, 'A-1')).toBe(false);
    const credential = key.assert({ origin: ORIGIN, challenge: await asked() });
    await expect(desk.whoIs({ kind: 'passkey', credential })).rejects.toMatchObject(refused);
  });
});

describe('an invitation', () => {
  it('is for one officer, once, and for half an hour; its code stands nowhere', async () => {
    const code = await invite(file, 'A-1', 'supervisor', clock.now());
    expect(await readFile(file, 'utf8')).not.toContain(code);
    await expect(desk.invitationOptions('B-2', code)).rejects.toMatchObject(refused);
    const { challenge } = await desk.invitationOptions('A-1', code);
    const key = new Authenticator();
    const proof = { kind: 'invitation', officer: 'A-1', code } as const;
    const credential = key.register({ origin: ORIGIN, challenge });
    expect(await desk.whoIs({ ...proof, credential })).toEqual({ officer: 'A-1', role: 'supervisor' });
    await expect(desk.invitationOptions('A-1', code)).rejects.toMatchObject(refused);
    const another = await invite(file, 'A-1', 'supervisor', clock.now());
    nowMs += 31 * 60_000;
    await expect(desk.invitationOptions('A-1', another)).rejects.toMatchObject(refused);
  });

  it('a file that is no list of officers is told of, and left as it is', async () => {
    await writeFile(file, '[{"officer":"A-1"}]');
    await expect(invite(file, 'B-2', 'officer', clock.now())).rejects.toMatchObject({ code: 'OFFICER_FILE' });
    expect(await readFile(file, 'utf8')).toBe('[{"officer":"A-1"}]');
  });
});

describe('a PIN', () => {
  const pin = (officer: string, word: string) => ({ kind: 'pin', officer, pin: word }) as const;

  it('is refused unless the configuration has some', async () => {
    await expect(desk.whoIs(pin('A-1', 'four'))).rejects.toMatchObject(refused);
  });

  it('can be guessed five times, then once in half a minute', async () => {
    const pins = [{ officer: 'A-1', role: 'officer', pin: 'right' }] as const;
    const open = new SignIn({ file, origin: ORIGIN, pins, clock });
    expect(await open.whoIs(pin('A-1', 'right'))).toEqual({ officer: 'A-1', role: 'officer' });
    for (let guess = 0; guess < 5; guess++)
      await expect(open.whoIs(pin('A-1', `${guess}`))).rejects.toMatchObject(refused);
    await expect(open.whoIs(pin('A-1', 'right'))).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    nowMs += 31_000;
    expect(await open.whoIs(pin('A-1', 'right'))).toMatchObject({ officer: 'A-1' });
  });
});

describe('being signed in', () => {
  it('ends with the account, and with a role that changed, at once; who has a PIN is not in that file', async () => {
    const ended: string[] = [];
    using sessions = new Sessions(clock, { idleMs: 1e9, shiftMs: 1e9 }, who => ended.push(who));
    for (const officer of ['A-1', 'B-2', 'C-3']) await registered(officer);
    const signedIn = ['A-1', 'B-2', 'C-3'].map(officer =>
      sessions.begin({ officer, role: 'officer' }, 'passkey'),
    );
    sessions.begin({ officer: 'D-4', role: 'officer' }, 'pin');
    using _following = endWithAccounts(file, sessions, createLog('fatal'));
    await dismiss(file, 'A-1');
    await expect.poll(() => ended).toEqual(['A-1']);
    expect(signedIn[0]?.session.ended.aborted).toBe(true);
    await invite(file, 'B-2', 'supervisor', clock.now());
    await expect.poll(() => ended).toEqual(['A-1', 'B-2']);
    // An invitation for one more passkey is no change of the account.
    await invite(file, 'C-3', 'officer', clock.now());
    await registered('E-5');
    expect(ended).toEqual(['A-1', 'B-2']);
    await writeFile(file, 'no accounts');
    await expect.poll(() => ended).toEqual(['A-1', 'B-2', 'C-3']);
  });

  it('ends after idleness, at the end of the shift, and on request; each time everything of it ends', () => {
    const ended: string[] = [];
    using sessions = new Sessions(clock, { idleMs: 600_000, shiftMs: 1_500_000 }, who => ended.push(who));
    const idle = sessions.begin({ officer: 'idle', role: 'officer' }, 'passkey');
    const busy = sessions.begin({ officer: 'busy', role: 'officer' }, 'passkey');
    const gone = sessions.begin({ officer: 'gone', role: 'officer' }, 'passkey');
    expect(new Set([idle.cookie, busy.cookie, idle.session.token, busy.session.token]).size).toBe(4);
    sessions.end(gone.cookie);
    expect([gone.session.ended.aborted, sessions.find(gone.cookie, true)]).toEqual([true, null]);
    nowMs += 500_000;
    expect(sessions.find(busy.cookie, true)?.officer).toBe('busy');
    // A page that only looks on is not somebody who does something.
    expect(sessions.find(idle.cookie, false)?.officer).toBe('idle');
    nowMs += 500_000;
    expect(sessions.find(idle.cookie, true)).toBeNull();
    expect(sessions.find(busy.cookie, true)?.officer).toBe('busy');
    nowMs += 500_000;
    expect(sessions.find(busy.cookie, true)).toBeNull();
    expect(ended).toEqual(['gone', 'idle', 'busy']);
    expect(idle.session.ended.aborted && busy.session.ended.aborted).toBe(true);
  });
});
