/** A session with a device is recorded, and the recording stands in for the device: in a driver, and in a visit's step. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ImageCodec } from '../../agent/packet/imaging.ts';
import { readZone, takeDocument } from '../../agent/pipeline/document.ts';
import { patient } from '../../agent/pipeline/patient.ts';
import { LAW } from '../../agent/procedure/index.ts';
import type { FingerCapture } from '../../drivers/device.ts';
import { Tape } from '../../drivers/link/tape.ts';
import { cameraOpener, readerOpener, scannerOpener } from '../../drivers/registry.ts';
import { openSbiScanner } from '../../drivers/sbi/scanner.ts';
import type { SbiUse } from '../../drivers/sbi/service.ts';
import { supervise } from '../../drivers/supervise.ts';
import { startCamera } from '../../sim/camera/server.ts';
import { FingerStudio, simulatedPerson } from '../../sim/people/index.ts';
import { startReader } from '../../sim/reader/reader.ts';
import { startReplay } from '../../sim/replay/replay.ts';
import { readTape } from '../../sim/replay/tape.ts';
import { makeSbiKeys } from '../../sim/sbi/keys.ts';
import { startSbi } from '../../sim/sbi/service.ts';
import { startSensor } from '../../sim/sensor/sensor.ts';
import { drawnFinger } from '../wire/fingers.ts';
import { picture } from '../wire/pictures.ts';

/** Of this process alone, and below those that the system gives out. */
const SERVICE_PORT = 10_000 + (process.pid % 900) * 10;
const soon = () => AbortSignal.timeout(15_000);
const finger = drawnFinger(3);

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
  file = join(folder, 'recorded');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One capture on a recorded sensor. */
async function recordCapture(arm?: Parameters<ReturnType<typeof startSensor>['arm']>[0]) {
  await using sensor = startSensor({ finger: () => finger, link: join(folder, 'finger') });
  await using tape = await Tape.create(file);
  await using scanner = await scannerOpener({ kind: 'r30x', path: sensor.path }, tape.tap)(soon());
  if (arm) sensor.arm(arm);
  return await scanner.capture(soon()).catch(error => error.code);
}

test('a recorded fingerprint sensor gives its image again', async () => {
  const recorded = await recordCapture();
  await using replay = await startReplay(await readTape(file), { link: join(folder, 'finger'), speed: 20 });
  await using scanner = await scannerOpener({ kind: 'r30x', path: replay.location })(soon());
  expect(await scanner.capture(soon())).toEqual(recorded);
  expect(await replay.ended).toBe('played');
});

test('a sensor that was pulled out is pulled out again in the middle', async () => {
  expect(await recordCapture({ unplugAfterBytes: 12_345 })).toBe('DEVICE_GONE');
  const tape = await readTape(file);
  const sent = tape.events
    .filter(event => event.kind === 'sent')
    .reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(sent).toBeGreaterThan(0);
  await using replay = await startReplay(tape, { link: join(folder, 'finger'), speed: 20 });
  await using scanner = await scannerOpener({ kind: 'r30x', path: replay.location })(soon());
  await expect(scanner.capture(soon())).rejects.toMatchObject({ code: 'DEVICE_GONE' });
  expect(await replay.ended).toBe('unplugged');
});

test('a host that says something else than then meets silence', async () => {
  await recordCapture();
  await using replay = await startReplay(await readTape(file), { link: join(folder, 'finger'), speed: 20 });
  const open = scannerOpener({ kind: 'r30x', path: replay.location, baud: 57_600, password: 7 });
  await expect(open(soon())).rejects.toMatchObject({ code: 'DEVICE_TIMEOUT' });
  expect(await replay.ended).toBe('diverged');
});

test('a recorded document reader is a step of a visit', async () => {
  await using studio = new FingerStudio();
  const lines = simulatedPerson(1, studio).identity.passport.mrz;
  {
    await using reader = startReader({ link: join(folder, 'reader') });
    await using tape = await Tape.create(file);
    await using device = await readerOpener({ kind: 'serial-mrz', path: reader.path }, tape.tap)(soon());
    const read = device.read(soon());
    await reader.present(lines);
    await read;
  }
  await using replay = await startReplay(await readTape(file), { link: join(folder, 'reader') });
  await using supervised = supervise(readerOpener({ kind: 'serial-mrz', path: replay.location }), {
    signal: soon(),
  });
  const outcome = await takeDocument([patient(supervised)], LAW.residence.cardCodes, '2026-11-21', soon());
  expect(outcome).toEqual(readZone(lines, LAW.residence.cardCodes, '2026-11-21'));
  expect(outcome.kind).toBe('document');
});

test('a recorded camera shows its frames again, byte for byte', async () => {
  const jpegs = await Promise.all([0, 1, 2, 3].map(seed => picture(seed)));
  const watch = async (url: string, tape?: Tape) => {
    const seen: Uint8Array[] = [];
    await using camera = await cameraOpener({ kind: 'mjpeg-http', url }, tape?.tap)(soon());
    for await (const { jpeg } of camera.frames(soon())) if (seen.push(jpeg) === 6) break;
    return seen;
  };
  let count = 0;
  let recorded: Uint8Array[];
  {
    await using device = await startCamera({
      nextFrame: async () => jpegs[count++ % 4]!,
      framesPerSecond: 30,
    });
    await using tape = await Tape.create(file);
    recorded = await watch(device.url, tape);
  }
  await using replay = await startReplay(await readTape(file));
  expect(await watch(replay.location)).toEqual(recorded);
});

test('a recorded device service gives its prints again at the moment of then, and at no other', async () => {
  const keys = await makeSbiKeys('L0');
  const trustFile = join(folder, 'authority.pem');
  const { authority, provider } = keys;
  writeFileSync(
    trustFile,
    [authority, provider].map(({ certificate }) => certificate.toString('pem')).join('\n'),
  );
  const noise = () => ({ width: 96, height: 128, ppi: 500, pixels: new Uint8Array(randomBytes(96 * 128)) });
  const prints = ([6, 1] as const).map(code => ({ finger: code, image: noise() }));
  const ports = [SERVICE_PORT, SERVICE_PORT + 9] as const;
  await using codec = new ImageCodec({ deadlineMs: 20_000 });
  const capture = async (use: SbiUse) => {
    await using scanner = await openSbiScanner({ trustFile, ports }, codec, soon(), use);
    return await scanner.capture(soon(), ['right_thumb', 'left_thumb']);
  };
  let recorded: FingerCapture;
  {
    await using _service = await startSbi({
      ...{ keys, level: 'L0', type: 'Finger', serialNo: 'SIMSLAP00001', ports },
      laid: async () => ({ prints }),
    });
    await using tape = await Tape.create(file);
    recorded = await capture({ tap: tape.tap });
  }
  const tape = await readTape(file);
  const asked = tape.events.filter(event => event.kind === 'asked');
  expect(asked.map(({ verb }) => verb)).toEqual(['MOSIPDISC', 'MOSIPDINFO', 'RCAPTURE']);
  const { transactionId, captureTime } = JSON.parse(asked.at(-1)!.body);
  const then = { now: () => new Date(captureTime), transactionId: () => transactionId };
  const options = { port: SERVICE_PORT, speed: 20 };
  {
    await using replay = await startReplay(tape, options);
    expect(await capture(then)).toEqual(recorded);
    expect(await replay.ended).toBe('played');
  }
  // Whoever plays a recording to an agent shows it samples that it has not asked for.
  await using _replay = await startReplay(tape, options);
  await expect(capture({})).rejects.toMatchObject({ code: 'DEVICE_OTHER_TRANSACTION' });
});

test('a recording is for its maker alone, is never overwritten, and another file is none', async () => {
  await recordCapture();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await expect(Tape.create(file)).rejects.toMatchObject({ code: 'EEXIST' });
  for (const text of [
    '',
    '{}',
    'no JSON',
    '{"tape":"vantay-link","version":1,"location":"x"}\n{"in":"AA=="}',
  ]) {
    writeFileSync(file, text);
    await expect(readTape(file), text).rejects.toMatchObject({ code: 'TAPE_UNREADABLE' });
  }
});
