/** What the doctor sees on a machine that is not as it should be, and that each finding has its remedy. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Config } from '../../agent/contract/config.ts';
import { examine, lookAtBroker, lookAtDisk } from '../../agent/ops/doctor.ts';
import { lookAtPermissions } from '../../agent/ops/permissions.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('names every file that is open to others', async () => {
  const file = join(folder, 'agent.yaml');
  const stateDir = join(folder, 'state');
  const pinFile = join(folder, 'pin');
  mkdirSync(stateDir);
  for (const path of [file, pinFile]) writeFileSync(path, '');
  const config = { stateDir, keys: { pkcs11: { pinFile } }, mqtt: {} } as Config;
  const modes = (state: number, pin: number, own: number) => {
    chmodSync(stateDir, state);
    chmodSync(pinFile, pin);
    chmodSync(file, own);
  };
  const look = async () =>
    (await examine([{ name: 'permissions', look: () => lookAtPermissions(config, file) }]))[0];
  modes(0o700, 0o600, 0o640);
  expect(await look()).toMatchObject({ ok: true, code: null });
  modes(0o750, 0o604, 0o666);
  const found = await look();
  expect(found).toMatchObject({ ok: false, code: 'FILES_OPEN', remedy: expect.stringContaining('chmod') });
  for (const path of [stateDir, pinFile, file]) expect(found?.detail).toContain(path);
});

it('says what to do about a broker that is away, and a state folder that is not there', async () => {
  const [broker, disk] = await examine([
    { name: 'broker', look: signal => lookAtBroker({ url: 'mqtt://127.0.0.1:1' }, signal) },
    { name: 'disk', look: () => lookAtDisk(join(folder, 'nowhere')) },
  ]);
  expect(broker).toMatchObject({ ok: false, code: 'UPLINK_UNREACHABLE', detail: '127.0.0.1: ECONNREFUSED' });
  expect(disk).toMatchObject({ ok: false, code: 'STATE_DIR' });
});
