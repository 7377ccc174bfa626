import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig, findingsText, loadConfig } from '../../agent/ops/config.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = `office: hanoi-01
kiosk: kiosk-01
stateDir: state
mqtt:
  url: mqtts://broker.example:8883
  caFile: keys/ca.pem
keys:
  trustRootFile: keys/root.pem
  certificateChainFile: /etc/vantay/chain.pem
  signingKeyFile: keys/signing.pem
  backendEncryptionKeyFile: keys/backend.jwk
  registryEncryptionKeyFile: keys/registry.jwk
devices:
  fingerScanner:
    kind: r30x
    path: /dev/ttyUSB0
  camera:
    kind: mjpeg-http
    url: http://127.0.0.1:8080/
  documentReader:
    kind: serial-mrz
    path: /dev/ttyACM0
`;

function check(text: string, environment: NodeJS.ProcessEnv = {}) {
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, text);
  return checkConfig(file, environment);
}

function good(text: string, environment: NodeJS.ProcessEnv = {}) {
  const result = check(text, environment);
  if (!result.ok) throw new Error(findingsText('agent.yaml', result.findings));
  return result.config;
}

function findings(text: string, environment: NodeJS.ProcessEnv = {}) {
  const result = check(text, environment);
  return result.ok ? [] : result.findings;
}

describe('a good configuration', () => {
  it('needs only what has no default', () => {
    const config = good(GOOD);
    expect(config.screen).toEqual({
      port: 8420,
      stepTimeoutSeconds: 90,
      warnSeconds: 20,
      speechCommand: 'espeak-ng',
    });
    expect(config.visit.fingers).toHaveLength(10);
    expect(config.comparison.fmr).toBe(1e-4);
  });

  it('takes a bar code scanner in place of the serial reader, and either signal light', () => {
    const scanner = GOOD.replace('serial-mrz', 'hid-pos');
    for (const [kind, path] of [
      ['blink1', 'usb:27b8:01ed'],
      ['busylight', 'usb:27bb:3bcd'],
    ]) {
      const { devices } = good(`${scanner}  signalLight:\n    kind: ${kind}\n`);
      expect(devices.documentReader).toEqual({ kind: 'hid-pos', path: '/dev/ttyACM0' });
      expect(devices.signalLight).toEqual({ kind, path });
    }
  });

  it('has paths relative to its own folder; absolute ones stay', () => {
    const config = good(GOOD);
    expect(config.stateDir).toBe(join(folder, 'state'));
    expect(config.mqtt.caFile).toBe(join(folder, 'keys/ca.pem'));
    expect(config.keys.trustRootFile).toBe(join(folder, 'keys/root.pem'));
    expect(config.keys.certificateChainFile).toBe('/etc/vantay/chain.pem');
    expect(config.devices.fingerScanner.path).toBe('/dev/ttyUSB0');
  });

  it('is overridden by the environment, capitals and levels folded', () => {
    const config = good(GOOD, {
      VANTAY_MQTT__URL: 'mqtt://127.0.0.1:1883',
      VANTAY_SCREEN__STEP_TIMEOUT_SECONDS: '30',
      VANTAY_SCREEN__PORT: '0',
      VANTAY_CALENDAR__NOVEMBER24ISHOLIDAY: 'false',
      VANTAY_OFFICE: 'hue-02',
      VANTAY_DATA: 'not ours',
      PATH: 'not ours either',
    });
    expect(config.mqtt.url).toBe('mqtt://127.0.0.1:1883');
    expect(config.screen).toMatchObject({ port: 0, stepTimeoutSeconds: 30 });
    expect(config.calendar.november24IsHoliday).toBe(false);
    expect(config.office).toBe('hue-02');
  });
});

describe('a bad configuration', () => {
  it.each([
    [GOOD.replace('office:', 'ofice:'), 'ofice', 1, 'did you mean "office"?'],
    [GOOD.replace('  caFile:', '  caFle:'), 'mqtt.caFle', 6, 'did you mean "caFile"?'],
    [`${GOOD}    badu: 9600\n`, 'devices.documentReader.badu', 23, 'did you mean "baud"?'],
    [`${GOOD}screen:\n  Port: 1\n`, 'screen.Port', 24, 'did you mean "port"?'],
    [`${GOOD}qqqqqqqqqqqqqq: 1\n`, 'qqqqqqqqqqqqqq', 23, 'unknown key'],
  ])('names an unknown key, its line and the nearest known one', (text, path, line, hint) => {
    const found = findings(text).find(finding => finding.path === path);
    expect(found).toMatchObject({ path, line });
    expect(found?.message).toContain(hint);
  });

  it('does not guess at a key that is like no other', () => {
    const [found] = findings(`${GOOD}qqqqqqqqqqqqqq: 1\n`);
    expect(found?.message).toBe('unknown key');
  });

  it.each([
    ['a word for a port', `${GOOD}screen:\n  port: eighty\n`, 'screen.port', 24],
    ['a port out of range', `${GOOD}screen:\n  port: 70000\n`, 'screen.port', 24],
    ['another protocol', GOOD.replace('mqtts://', 'https://'), 'mqtt.url', 5],
    ['an office with spaces', GOOD.replace('hanoi-01', 'Ha Noi'), 'office', 1],
    ['a rate that no card can hold', `${GOOD}comparison:\n  fmr: 0.5\n`, 'comparison.fmr', 24],
    ['an unknown camera', GOOD.replace('mjpeg-http', 'webcam'), 'devices.camera.kind', 18],
    ['an unknown finger', `${GOOD}visit:\n  fingers: [right_toe]\n`, 'visit.fingers.0', 24],
    ['a missing section', GOOD.replace(/keys:\n( {2}.*\n)+/, ''), 'keys', null],
    [
      'a missing key',
      GOOD.replace('  kind: r30x\n    path:', '  kind: r30x\n    baud: 57600 #'),
      'devices.fingerScanner.path',
      14,
    ],
  ])('%s is found where it stands', (_what, text, path, line) => {
    expect(findings(text)).toContainEqual(expect.objectContaining({ path, line }));
  });

  it('finds everything at once', () => {
    const found = findings(
      GOOD.replace('office: hanoi-01', 'office: X').replace('kiosk: kiosk-01', 'kiosk: Y'),
    );
    expect(found.map(({ path }) => path)).toEqual(['office', 'kiosk']);
  });

  it('from the environment is told without a line', () => {
    expect(findings(GOOD, { VANTAY_SCREEN__PORT: 'none' })).toContainEqual(
      expect.objectContaining({ path: 'screen.port' }),
    );
    expect(findings(GOOD, { VANTAY_MQTT__URRL: 'x' })[0]?.message).toContain('did you mean "url"?');
  });

  it.each([
    ['a tab', 'office: a\n\tkiosk: b\n'],
    ['an open bracket', 'office: [a\nkiosk: b\n'],
    ['a key twice', 'office: a\noffice: b\n'],
  ])('that is no YAML (%s) is CONFIG_SYNTAX with a line', (_what, text) => {
    const result = check(text);
    expect(result).toMatchObject({ ok: false, code: 'CONFIG_SYNTAX' });
    expect(!result.ok && result.findings[0]?.line).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['an empty file', ''],
    ['a list', '- a\n- b\n'],
    ['a word', 'hello\n'],
    ['a number', '42\n'],
    ['null', '~\n'],
  ])('%s is CONFIG_INVALID', (_what, text) => {
    expect(check(text, { VANTAY_OFFICE: 'hue-02' })).toMatchObject({ ok: false, code: 'CONFIG_INVALID' });
  });

  it('a missing file is CONFIG_NOT_FOUND', () => {
    const result = checkConfig(join(folder, 'nowhere.yaml'));
    expect(result).toMatchObject({ ok: false, code: 'CONFIG_NOT_FOUND' });
    expect(!result.ok && result.findings[0]?.message).toMatch(/nowhere\.yaml \(ENOENT\)$/);
    expect(checkConfig(folder)).toMatchObject({ ok: false, code: 'CONFIG_NOT_FOUND' });
  });

  it('is thrown as a coded error of one line a finding', () => {
    const file = join(folder, 'thrown.yaml');
    writeFileSync(file, GOOD.replace('office:', 'ofice:'));
    expect(() => loadConfig(file, {})).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`${file}:1: ofice: unknown key; did you mean "office"?`),
      }),
    );
  });
});
