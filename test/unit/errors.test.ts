import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Biometric } from '../../agent/ops/biometric.ts';
import { ERROR_CATALOGUE, entryOf, errorsMarkdown, VantayError } from '../../agent/ops/errors.ts';
import { createLog } from '../../agent/ops/log.ts';
import { DeviceError } from '../../drivers/device.ts';

const ROOT = new URL('../../', import.meta.url);

const sources = ['agent', 'drivers', 'models'].flatMap(room =>
  readdirSync(new URL(room, ROOT), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8')),
);

/** Codes given to a coded error's constructor as a literal. */
const thrownCodes = (source: string): string[] =>
  [
    ...source.matchAll(
      /new (?:VantayError|DeviceError|ModelError|PacketError|OutboxError|UplinkError)\(\s*'([A-Z_]+)'/g,
    ),
  ].map(([, code = '']) => code);

describe('the error catalogue', () => {
  it('has each code once, with cause and remedy as sentences', () => {
    const codes = ERROR_CATALOGUE.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const { code, cause, remedy } of ERROR_CATALOGUE) {
      expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(cause, code).toMatch(/^[A-Z].*\.$/);
      expect(remedy, code).toMatch(/^[A-Z`].*\.$/);
    }
  });

  it('has every code that the source throws', () => {
    expect(thrownCodes("throw new VantayError(\n  'NO_SUCH_CODE', 'x')")).toEqual(['NO_SUCH_CODE']);
    const known = new Set(ERROR_CATALOGUE.map(({ code }) => code));
    const thrown = new Set(sources.flatMap(thrownCodes));
    expect(thrown.size).toBeGreaterThan(20);
    expect([...thrown].filter(code => !known.has(code))).toEqual([]);
  });

  it('is what ERRORS.md says', () => {
    expect(readFileSync(new URL('ERRORS.md', ROOT), 'utf8')).toBe(errorsMarkdown());
  });

  it('finds the entry of any coded error, and takes anything else for a fault of the agent', () => {
    const unplugged = new DeviceError('DEVICE_GONE', 'unplugged');
    expect(entryOf(unplugged).code).toBe('DEVICE_GONE');
    expect(entryOf(new VantayError('PORT_IN_USE', 'x')).remedy).toContain('screen.port');
    for (const other of [
      new Error('x'),
      Object.assign(new Error('x'), { code: 'ENOENT' }),
      'text',
      null,
      undefined,
    ])
      expect(entryOf(other).code).toBe('UNEXPECTED');
  });
});

const CANARY = 'CANARY-4242';

describe('a biometric datum', () => {
  it('says only what it is, however it is printed', () => {
    const wrapped = new Biometric({ template: CANARY });
    const error = Object.assign(new Error('x'), { sample: wrapped });
    for (const text of [
      JSON.stringify({ deep: [wrapped] }),
      String(wrapped),
      `${wrapped}`,
      inspect(wrapped, { depth: 10, showHidden: true }),
      inspect({ wrapped }, { depth: 10 }),
      inspect(error, { depth: 10 }),
      JSON.stringify(Object.entries(wrapped)),
      JSON.stringify({ ...wrapped }),
    ]) {
      expect(text).not.toContain(CANARY);
    }
    expect(JSON.stringify(wrapped)).toBe('"[biometric]"');
    expect(wrapped.reveal()).toEqual({ template: CANARY });
  });

  it('cannot be cloned out of its wrapper', () => {
    expect(inspect(structuredClone(new Biometric(CANARY)))).not.toContain(CANARY);
  });
});

describe('the log', () => {
  const written = (write: (log: ReturnType<typeof createLog>) => void): string => {
    const lines: string[] = [];
    write(createLog('debug', { write: line => void lines.push(line) }));
    return lines.join('');
  };

  it('is one JSON line an event, with level and time by name and no host', () => {
    const line = written(log => log.info({ role: 'camera' }, 'device ready'));
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      role: 'camera',
      msg: 'device ready',
    });
    expect(line.trim().split('\n')).toHaveLength(1);
  });

  it('never shows what is personal, at any of the depths it is logged at', () => {
    const personal = {
      surname: CANARY,
      givenNames: CANARY,
      birthDate: CANARY,
      number: CANARY,
      mobile: CANARY,
      email: CANARY,
      person: { surname: CANARY },
      applicant: CANARY,
      documents: [CANARY],
      template: CANARY,
      embeddings: [CANARY],
      pixels: CANARY,
      jpeg: CANARY,
      image: CANARY,
      lines: [CANARY],
      password: CANARY,
    };
    const text = written(log => {
      log.info(personal, 'top');
      log.info({ visit: personal }, 'one down');
      log.info({ state: { visit: personal } }, 'two down');
      log.info({ sample: new Biometric(CANARY), samples: [new Biometric(CANARY)] }, 'wrapped');
      log.child(personal).info('child');
    });
    expect(text).not.toContain(CANARY);
    expect(text.trim().split('\n')).toHaveLength(5);
  });

  it('keeps the code and cause of an error, and nothing personal hung on it', () => {
    const cause = Object.assign(new Error('the wire broke'), { code: 'EIO' });
    const error = Object.assign(new VantayError('STATE_DIR', 'cannot write', { cause }), {
      person: CANARY,
      sample: new Biometric(CANARY),
    });
    const text = written(log => log.error({ err: error }, 'failed'));
    expect(text).not.toContain(CANARY);
    expect(JSON.parse(text)).toMatchObject({ level: 'error', err: { code: 'STATE_DIR' } });
    expect(text).toContain('the wire broke');
  });

  it('keeps no message that may quote its input, however deep, but the places it came from', () => {
    const quoting = [
      () => JSON.parse(CANARY),
      () => {
        throw new Error(`cannot use ${CANARY}`, { cause: CANARY });
      },
      () => Reflect.get(Object.freeze({}), CANARY).length,
    ].map(fail => {
      try {
        return fail();
      } catch (error) {
        return error;
      }
    });
    for (const cause of quoting) {
      const error = new VantayError('STATE_DIR', 'cannot write', { cause });
      const text = written(log => {
        log.error({ err: error }, 'failed');
        log.error({ err: cause }, 'failed');
      });
      expect(text).not.toContain(CANARY);
      expect(text).toContain('errors.test.ts');
    }
  });
});
