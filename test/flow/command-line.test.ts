/** Bad input at the command line: a code, a remedy, an exit code, and never a stack trace. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ERROR_CATALOGUE } from '../../agent/ops/errors.ts';
import { readTape } from '../../sim/replay/tape.ts';
import { makeSbiKeys } from '../../sim/sbi/keys.ts';
import { startSbi } from '../../sim/sbi/service.ts';
import { startWorld, type World } from '../../sim/world/world.ts';
import { hasStackTrace, run } from '../fixtures/command.ts';

const DEADLINE_MS = 120_000;

let folder = '';
let world: World;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-command-'));
  world = await startWorld({ folder, screenPort: 0 });
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A copy of the world's configuration with a change to it. */
function configWith(change: (text: string) => string): string {
  const file = join(folder, `changed-${process.hrtime.bigint()}.yaml`);
  writeFileSync(file, change(readFileSync(world.configFile, 'utf8')));
  return file;
}

async function complaint(words: readonly string[]) {
  const [plain, json] = [await run(words), await run([...words, '--json'])];
  for (const ended of [plain, json])
    expect(hasStackTrace(ended), `${ended.stdout}${ended.stderr}`).toBe(false);
  const { error } = JSON.parse(json.stdout) as { error: { code: string; message: string; remedy: string } };
  // Nothing but the complaint, said once.
  expect(plain.stderr).toBe(`${error.code}: ${error.message}\n${error.remedy}\n`);
  expect([plain.code, json.code]).toEqual([2, 2]);
  return error;
}

const remedyOf = (code: string) => ERROR_CATALOGUE.find(entry => entry.code === code)?.remedy;

describe('a word that is not known', () => {
  it.each([
    ['a verb', ['dance']],
    ['an option', ['doctor', '--fast']],
    ['a verb of a verb', ['config', 'mend']],
    ['a missing option', ['run']],
    ['a document', ['schema', 'poem']],
  ])(
    '%s is USAGE',
    async (_what, words) => {
      expect(await complaint(words)).toMatchObject({ code: 'USAGE', remedy: remedyOf('USAGE') });
    },
    DEADLINE_MS,
  );

  it(
    'a scenario is SCENARIO_UNKNOWN, and the remedy lists them all',
    async () => {
      const error = await complaint(['simulate', 'visit', '--scenario', 'wedding']);
      expect(error.code).toBe('SCENARIO_UNKNOWN');
      for (const name of ['happy', 'broker-down', 'child-under-6']) expect(error.remedy).toContain(name);
    },
    DEADLINE_MS,
  );

  it.each([
    ['an option of the simulator', ['simulate', 'visit', '--fast']],
    ['a part of the simulator', ['simulate', 'weather']],
  ])(
    '%s is USAGE',
    async (_what, words) => {
      expect((await complaint(words)).code).toBe('USAGE');
    },
    DEADLINE_MS,
  );
});

describe('a file that is not as it should be', () => {
  it(
    'a face profile whose weights are not there is told by the doctor, with the file',
    async () => {
      const profile = {
        type: 'vantay.face-profile',
        version: 1,
        quality: {
          ...{
            id: 'own',
            version: '1',
            file: 'gone.onnx',
            sha256: '0'.repeat(64),
            side: 112,
            channels: 'rgb',
          },
          ...{ mean: 127.5, deviation: 127.5, alignment: 'arcface', score: { worst: 0, best: 1 } },
        },
      };
      writeFileSync(join(folder, 'profile.json'), JSON.stringify(profile));
      const file = configWith(text => `${text}\nmodels: { faceProfile: profile.json }\n`);
      const ended = await run(['doctor', '--config', file, '--json']);
      expect(ended.code).toBe(1);
      const { findings } = JSON.parse(ended.stdout) as { findings: { check: string }[] };
      // What works, but is not for a real kiosk, is said beside it.
      expect(findings.find(({ check }) => check === 'broker')).toMatchObject({
        ok: true,
        code: 'BROKER_UNGUARDED',
        detail: expect.stringContaining('no TLS'),
      });
      expect(findings.find(({ check }) => check === 'models')).toMatchObject({
        ok: false,
        code: 'MODEL_MISSING',
        detail: expect.stringContaining(join(folder, 'gone.onnx')),
      });
    },
    DEADLINE_MS,
  );

  it(
    'a configuration that is not there is CONFIG_NOT_FOUND',
    async () => {
      const error = await complaint(['run', '--config', join(folder, 'nowhere.yaml')]);
      expect(error).toMatchObject({ code: 'CONFIG_NOT_FOUND', remedy: remedyOf('CONFIG_NOT_FOUND') });
    },
    DEADLINE_MS,
  );

  it(
    'a malformed configuration names line and nearest key, and `config check` lists it without running',
    async () => {
      const file = configWith(text => `${text}screan:\n  port: 1\n`);
      const error = await complaint(['run', '--config', file]);
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.message).toMatch(/:\d+: screan: unknown key; did you mean "screen"\?/);
      const checked = await run(['config', 'check', '--config', file, '--json']);
      expect(checked.code).toBe(2);
      expect(JSON.parse(checked.stdout)).toMatchObject({ ok: false, findings: [{ path: 'screan' }] });
    },
    DEADLINE_MS,
  );

  it(
    'a configuration that is no YAML is CONFIG_SYNTAX',
    async () => {
      const error = await complaint(['run', '--config', configWith(text => `${text}\n\t- [`)]);
      expect(error.code).toBe('CONFIG_SYNTAX');
    },
    DEADLINE_MS,
  );

  it(
    'a packet that is none, and one that is not there',
    async () => {
      const file = join(folder, 'garbage.vsm');
      writeFileSync(file, 'this is no packet');
      expect((await complaint(['packet', 'inspect', file])).code).toBe('PACKET_FORMAT');
      expect((await complaint(['packet', 'inspect', join(folder, 'none')])).code).toBe('FILE_UNREADABLE');
    },
    DEADLINE_MS,
  );

  it(
    'a good configuration has no findings',
    async () => {
      const checked = await run(['config', 'check', '--config', world.configFile, '--json']);
      expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, code: null, findings: [] });
      expect(checked.code).toBe(0);
    },
    DEADLINE_MS,
  );
});

describe('a machine that is not as it should be', () => {
  it(
    'a port in use is PORT_IN_USE, and the agent ends',
    async () => {
      const other = createServer();
      await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
      const { port } = other.address() as AddressInfo;
      const file = configWith(text => text.replace(/(screen:\n {2}port:) 0/, `$1 ${port}`));
      const ended = await run(['run', '--config', file]);
      await new Promise(resolve => other.close(resolve));
      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain('PORT_IN_USE: ');
      expect(ended.stderr).toContain(remedyOf('PORT_IN_USE'));
      expect(hasStackTrace(ended)).toBe(false);
    },
    DEADLINE_MS,
  );

  it(
    'missing devices are named one by one by `devices`, with remedies',
    async () => {
      const file = configWith(text =>
        text
          .replace(world.sensor.path, join(folder, 'no-sensor'))
          .replace(world.reader.path, join(folder, 'no-reader'))
          .replace(world.camera.url, 'http://127.0.0.1:9/'),
      );
      const ended = await run(['devices', '--config', file, '--json']);
      expect(ended.code).toBe(1);
      expect(hasStackTrace(ended)).toBe(false);
      const { configured } = JSON.parse(ended.stdout) as { configured: Record<string, unknown>[] };
      expect(configured).toHaveLength(3);
      for (const finding of configured) {
        expect(finding).toMatchObject({ ok: false, code: expect.stringMatching(/^DEVICE_/) });
        expect(finding.remedy).toBe(remedyOf(String(finding.code)));
      }
    },
    DEADLINE_MS,
  );

  it(
    'a scanner behind a device service that is not registered, or missing, is told by the doctor',
    async () => {
      const keys = await makeSbiKeys('L0');
      const trustFile = join(folder, 'maker.pem');
      writeFileSync(trustFile, keys.provider.certificate.toString('pem'));
      await using service = await startSbi({
        ...{ keys, level: 'L0', type: 'Finger', serialNo: 'SIMSLAP00001', laid: async () => null },
        ports: [21_500, 21_599],
      });
      const { port } = service;
      const file = configWith(text => {
        const config = parse(text) as { devices: object };
        const fingerScanner = { kind: 'sbi', trustFile, ports: [port, port] };
        return stringify({ ...config, devices: { ...config.devices, fingerScanner } });
      });
      const scanner = async () => {
        const { findings } = JSON.parse((await run(['doctor', '--config', file, '--json'])).stdout) as {
          findings: { check: string; code: string; remedy: string }[];
        };
        const found = findings.find(({ check }) => check === 'finger_scanner');
        expect(found?.remedy).toBe(remedyOf(String(found?.code)));
        return found?.code;
      };
      service.status = 'Not Registered';
      expect(await scanner()).toBe('DEVICE_NOT_REGISTERED');
      await service[Symbol.asyncDispose]();
      expect(await scanner()).toBe('DEVICE_NOT_FOUND');
    },
    DEADLINE_MS,
  );

  it(
    '`devices record` keeps the bytes of one use of a device, in a file of its own',
    async () => {
      const to = join(folder, 'camera.tape');
      const words = ['devices', 'record', '--config', world.configFile, '--device', 'camera', '--to', to];
      const ended = await run([...words, '--seconds', '3', '--json']);
      expect(JSON.parse(ended.stdout)).toMatchObject({ device: 'camera', to });
      expect((await readTape(to)).events.length).toBeGreaterThan(0);
      expect((await complaint(words)).code).toBe('FILE_NOT_MADE');
    },
    DEADLINE_MS,
  );

  it(
    'missing keys are KEY_UNREADABLE and a state folder that cannot be is STATE_DIR',
    async () => {
      const noKey = configWith(text => text.replace(/trustRootFile: .*/, 'trustRootFile: nowhere.pem'));
      expect((await complaint(['run', '--config', noKey])).code).toBe('KEY_UNREADABLE');
      const noState = configWith(text => text.replace(/stateDir: .*/, 'stateDir: agent.yaml/state'));
      expect((await complaint(['run', '--config', noState])).code).toBe('STATE_DIR');
    },
    DEADLINE_MS,
  );
});

describe('help', () => {
  it.each([[['--help']], [['run', '--help']], [['simulate', '--help']], [['simulate', 'visit', '--help']]])(
    '%j is printed with exit code 0',
    async words => {
      const ended = await run(words);
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain('Usage:');
    },
    DEADLINE_MS,
  );
});
