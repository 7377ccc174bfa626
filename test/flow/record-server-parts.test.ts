/** An office's record server as an operator sets it up: pictures to templates by command, and a process that answers with them. */
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { comparerOf } from '../../agent/records/comparer.ts';
import { placesOf } from '../../agent/records/places.ts';
import { pkiPaths } from '../../sim/pki/paths.ts';
import { ADDRESS, keyFolder } from '../../sim/world/world.ts';
import { hasStackTrace, killGroup, run, start } from '../fixtures/command.ts';
import { KeptWorld } from '../fixtures/kept-kiosk.ts';
import { until } from '../fixtures/uplink-world.ts';

const FRAMES = new URL('../../sim/people/face/frames/', import.meta.url);
const record = (recordId: string, file: string) => ({
  recordId,
  person: {
    ...{ surname: 'CANARY', givenNames: 'ANNA', birthDate: '1990-01-02', nationality: 'UTO' },
    sex: 'female',
  },
  travelDocumentNumber: recordId,
  references: [{ modality: 'face', position: null, ppi: null, file }],
});

let kept: KeptWorld;
let office: string;
let templates: string;
const make = (records: string) =>
  run(['records', 'templates', '--config', kept.world.configFile, '--records', records, '--to', templates]);
const listed = async (name: string, content: string) => {
  await writeFile(join(office, name), content);
  return join(office, name);
};

beforeAll(async () => {
  kept = await KeptWorld.start(folder => ({
    recordServer: {
      keyFile: pkiPaths(keyFolder(folder), ADDRESS.office, ADDRESS.kiosk).recordServer.encryptionPublic,
    },
  }));
  office = join(kept.folder, 'office');
  templates = join(office, 'templates.json');
  await mkdir(office);
  for (const who of ['a', 'b'])
    await writeFile(join(office, `${who}.jpg`), await readFile(new URL(`${who}-neutral.jpg`, FRAMES)));
  await listed('text.jpg', 'no picture');
}, 60_000);
afterAll(() => kept[Symbol.asyncDispose]());

test('pictures become templates that the process finds people by', async () => {
  const records = [record('office-a', 'a.jpg'), record('office-b', 'b.jpg'), record('office-x', 'text.jpg')];
  const made = await make(await listed('records.json', JSON.stringify(records)));
  expect(made).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('no picture of office-x can be used'),
  });
  expect((await stat(templates)).mode & 0o777).toBe(0o600);
  expect(made.stdout + made.stderr).not.toContain('CANARY');

  const keys = keyFolder(kept.folder);
  const words = ['--url', kept.world.brokerUrl, '--pki', keys, '--office', ADDRESS.office];
  const server = start(['simulate', 'record-server', ...words, '--records', templates]);
  try {
    await until(() => server.output().includes('record-server'));
    await using kiosk = await kept.kiosk('off');
    await until(() => kiosk.uplink.online);
    const [place] = placesOf(kept.config, null, kiosk.uplink, comparerOf(kept.models, kept.config));
    const smiling = await readFile(new URL('a-smile.jpg', FRAMES));
    const { face } = await kept.models.face.analyse(smiling);
    const found = await place!.search({ face: face!.embedding, fingers: [] }, 1, AbortSignal.timeout(10_000));
    expect(found).toMatchObject({ size: 3, modalities: ['face'], records: [{ recordId: 'office-a' }] });
    const ended = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  } finally {
    killGroup(server.child);
  }
}, 60_000);

test('what is no list, or names a picture that is not there, changes nothing', async () => {
  await writeFile(templates, 'as it was');
  for (const records of [
    join(office, 'absent.json'),
    await listed('text.json', '[{'),
    await listed('other.json', JSON.stringify([{ ...record('office-a', 'a.jpg'), person: null }])),
    await listed('missing.json', JSON.stringify([record('office-a', 'a.jpg'), record('office-c', 'c.jpg')])),
  ]) {
    const ended = await make(records);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(/^FILE_UNREADABLE: .*\n.*\n$/m) });
    expect(hasStackTrace(ended)).toBe(false);
  }
  expect(await readFile(templates, 'utf8')).toBe('as it was');
}, 60_000);
