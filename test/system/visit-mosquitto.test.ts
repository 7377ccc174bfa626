/** A whole visit over Debian's mosquitto: MQTT 5, mutual TLS, and an access list that keeps each end to its own topics. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePki } from '../../sim/pki/make.ts';
import { tlsFiles } from '../../sim/pki/use.ts';
import { play } from '../../sim/play.ts';
import { SCENARIOS } from '../../sim/scenarios/index.ts';
import { ADDRESS, keyFolder } from '../../sim/world/world.ts';
import { Mosquitto } from './mosquitto.ts';

let folder: string;
let broker: Mosquitto;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-mosquitto-visit-'));
  await makePki(keyFolder(folder), ADDRESS);
  broker = await Mosquitto.start(folder, tlsFiles(keyFolder(folder), 'server'));
});

afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('an applicant is searched for at the record server, and the packet is accepted', async () => {
  const scenario = SCENARIOS.find(({ name }) => name === 'known-at-office')!;
  const signal = AbortSignal.timeout(150_000);
  const { result, complaint } = await play({ scenario, signal, folder, tlsBrokerUrl: broker.url });
  expect(complaint).toBeNull();
  expect(result).toMatchObject({ outcome: 'inconclusive', receipt: { state: 'accepted' } });
});
