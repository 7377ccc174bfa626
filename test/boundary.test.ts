/** The dependency rules of the house. Each rule is a function from imports to complaints, and is shown to complain. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const ROOMS = ['agent', 'drivers', 'models', 'backend', 'sim', 'bench', 'systemd', 'test'];
const MAX_LINES = 400;

interface Import {
  /** File that imports, relative to the repository. */
  readonly from: string;
  /** File that is imported, relative to the repository, or the name of a package. */
  readonly to: string;
  /** Names imported as values; empty when only types are, ['*'] for the whole module. */
  readonly values: readonly string[];
}

/** Static and dynamic imports and re-exports of a source text. Comments are left out first; strings hold no imports here. */
function importsOf(from: string, source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  const add = (specifier: string, values: readonly string[]) => {
    const to = specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier;
    found.push({ from, to, values });
  };
  for (const [, clause = '', specifier = ''] of code.matchAll(
    /^\s*(?:import|export)\s+([^'";]*?)\s*from\s*['"]([^'"]+)['"]/gm,
  )) {
    add(specifier, valuesOf(clause));
  }
  for (const [, specifier = ''] of code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm)) add(specifier, ['*']);
  // A dynamic import in a type position (`typeof import('...')`, `import('...').T`) is a type; only awaited ones are values.
  for (const [, specifier = ''] of code.matchAll(/await\s+import\(\s*['"]([^'"]+)['"]\s*\)/g))
    add(specifier, ['*']);
  for (const [, specifier = ''] of code.matchAll(/\brequire\(\s*['"]([^'"]+)['"]\s*\)/g))
    add(specifier, ['*']);
  return found;
}

function valuesOf(clause: string): string[] {
  if (/^type\b/.test(clause)) return [];
  const [, named] = /\{([\s\S]*)\}/.exec(clause) ?? [];
  const whole = clause.replace(/\{[\s\S]*\}/, '').replace(/[,\s]/g, '');
  const names = (named ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '' && !name.startsWith('type '))
    .map(name => name.split(/\s+as\s+/)[0] ?? name);
  return whole === '' ? names : ['*', ...names];
}

const room = (path: string): string => path.split('/')[0] ?? '';
const ours = (path: string): boolean => ROOMS.includes(room(path)) && path.includes('/');
const complaint = ({ from, to, values }: Import): string => `${from} -> ${to} {${values.join(', ')}}`;

/**
 * `drivers`, `models` and `backend` import nothing of ours outside themselves, types included. `backend` is what the other
 * side runs: it may read the generated schemas, and that is all it knows of the agent.
 */
const ownRoomOnly = (imports: readonly Import[]): string[] =>
  imports
    .filter(({ from, to }) => OWN_ROOM_ONLY.includes(room(from)) && ours(to) && room(to) !== room(from))
    .filter(({ from, to }) => room(from) !== 'backend' || !to.startsWith('agent/contract/generated/'))
    .map(complaint);

const OWN_ROOM_ONLY = ['drivers', 'models', 'backend'];

/**
 * `sim` has its own codec of each wire: a bug must not cancel itself out. That of sealed messages is the backend's, which
 * shares nothing with the agent either. It may read the generated schemas.
 */
const simAlone = (imports: readonly Import[]): string[] =>
  imports
    .filter(({ from, to }) => room(from) === 'sim' && ours(to) && !['sim', 'backend'].includes(room(to)))
    .filter(({ to }) => !to.startsWith('agent/contract/generated/'))
    .map(complaint);

/** The product imports neither its tests nor the simulator nor the benches, and the agent nothing of the other side. */
const productAlone = (imports: readonly Import[]): string[] =>
  imports
    .filter(({ from, to }) => ['agent', ...OWN_ROOM_ONLY].includes(room(from)) && ours(to))
    .filter(({ from, to }) => OTHER_SIDE.includes(room(to)) && room(from) !== room(to))
    .map(complaint);

const OTHER_SIDE = ['backend', 'sim', 'test', 'bench'];

/** What makes or opens something concrete: file -> names; '*' for all of the file. */
const CONCRETE: Readonly<Record<string, readonly string[]>> = {
  'drivers/registry.ts': ['*'],
  'drivers/supervise.ts': ['*'],
  'models/index.ts': ['startModels'],
  'agent/uplink/dial.ts': ['mqttDial'],
  'agent/uplink/uplink.ts': ['Uplink'],
  'agent/outbox/outbox.ts': ['SqliteOutbox'],
  'agent/outbox/gate.ts': ['VisitGate'],
  'agent/records/keep.ts': ['keepRecords'],
  'agent/keys/kiosk-keys.ts': ['KioskKeys'],
  'agent/keys/file-ring.ts': ['fileRing'],
  'agent/keys/pkcs11-ring.ts': ['pkcs11Ring'],
  'agent/keys/tpm2-ring.ts': ['tpm2Ring'],
  'agent/packet/imaging.ts': ['ImageCodec'],
  'agent/screen/server.ts': ['ScreenServer'],
  'agent/officer/desk.ts': ['openDesk'],
  'agent/session/run.ts': ['Session'],
};

/** Values that files of the agent other than compose.ts may take from drivers and models: errors, and pure functions. */
const PURE = new Set([
  'DeviceError',
  'ModelError',
  'fingerRate',
  'fuseRates',
  'fmrOf',
  'arrangementOf',
  'segmentSlap',
  'minutiaeRecordOf',
  'minutiaePrintsOf',
  'isMinutiaeRecord',
  'MINUTIAE_RECORD_MEDIA_TYPE',
  'thresholdAt',
  'readCard',
  'galleryRow',
  'fpirOf',
  'evidenceOf',
  'anyOf',
  'jointRate',
  'llrOf',
  'llrOfFingers',
]);

/** The few that look at hardware or models from the command line, without an agent. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'agent/cli/devices.ts': ['listDevices', 'watchDevices'],
  'agent/cli/doctor.ts': ['modelChecks', 'startModels'],
  'agent/cli/evaluate.ts': [
    'BONA_FIDE',
    'evaluateCalibration',
    'evaluateFace',
    'evaluateFaceLiveness',
    'evaluateFaceQuality',
    'evaluateFinger',
    'evaluateFingerFusion',
    'evaluateFingerQuality',
    'evaluateIdentification',
  ],
  'agent/cli/models.ts': ['modelChecks'],
  'agent/cli/record.ts': ['Tape'],
  'agent/cli/templates.ts': ['ImageCodec', 'startModels'],
};

/** Inside `agent` only compose.ts reaches what is concrete; everything else receives interfaces. */
const composeOnly = (imports: readonly Import[]): string[] =>
  imports
    .filter(({ from }) => room(from) === 'agent' && from !== 'agent/compose.ts')
    .flatMap(found => {
      const allowed = EXCEPTIONS[found.from] ?? [];
      const foreign = ['drivers', 'models'].includes(room(found.to)) && ours(found.to);
      const concrete = CONCRETE[found.to] ?? [];
      const wrong = found.values.filter(
        name =>
          !allowed.includes(name) &&
          (foreign ? !PURE.has(name) : concrete.includes(name) || (name === '*' && concrete.length > 0)),
      );
      return wrong.length > 0 ? [complaint({ ...found, values: wrong })] : [];
    });

/** Packages that only one place may load. */
const OWNERS: Readonly<Record<string, (file: string) => boolean>> = {
  zod: file => file.startsWith('agent/contract/'),
  'onnxruntime-node': file => file === 'models/runtime.ts',
  'node:sqlite': file => file === 'agent/store/sqlite.ts',
  koffi: file => ['agent/ops/service-manager.ts', 'models/spare-memory.ts'].includes(file),
  'prom-client': file => file === 'agent/ops/metrics.ts',
  mqtt: file => file === 'agent/uplink/dial.ts',
  serialport: file => file === 'drivers/link/serial-host.ts',
  'node-hid': file => file === 'drivers/link/hid-host.ts',
  '@serialport/bindings-cpp': file => file === 'drivers/link/serial-host.ts',
};

const oneOwner = (imports: readonly Import[]): string[] =>
  imports
    .filter(({ from, values }) => ['agent', 'drivers', 'models'].includes(room(from)) && values.length > 0)
    .filter(({ from, to }) => OWNERS[to] !== undefined && !OWNERS[to](from))
    .map(complaint);

const tooLong = (path: string, source: string): string[] => {
  const lines = source.split('\n').length - 1;
  return lines > MAX_LINES ? [`${path}: ${lines} lines`] : [];
};

/** Absolute paths of somebody's machine. What every Linux has (/dev, /proc, /run, /etc) is no such path. */
const machinePaths = (path: string, source: string): string[] =>
  [...source.matchAll(/(?<![\w.:$}/-])\/(?:work|tmp|root|opt|home)\/[\w.-]+/g)].map(
    ([found]) => `${path}: ${found}`,
  );

const unfinished = (path: string, source: string): string[] =>
  [
    ...source.matchAll(
      new RegExp(['TO' + 'DO\\b', 'FIX' + 'ME\\b', '@ts-' + 'ignore', '\\bas an' + 'y\\b'].join('|'), 'g'),
    ),
  ].map(([found]) => `${path}: ${found}`);

const files = ROOMS.flatMap(name =>
  readdirSync(`${ROOT}${name}`, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => `${posix.relative(ROOT, entry.parentPath)}/${entry.name}`),
).filter(path => !path.includes('node_modules'));
const sources = files.map(path => ({ path, source: readFileSync(`${ROOT}${path}`, 'utf8') }));
// This file holds imports as examples, in strings.
const imports = sources
  .filter(({ path }) => path !== 'test/boundary.test.ts')
  .flatMap(({ path, source }) => importsOf(path, source));

const importing = (from: string, text: string): Import[] => importsOf(from, text);

describe('reading imports', () => {
  it('finds every kind of import and knows types from values', () => {
    const source = `
      // import { no } from './comment.ts';
      /* import { no } from './block.ts'; */
      import './effect.ts';
      import type { T } from './type.ts';
      import whole from 'zod';
      import * as star from '../drivers/device.ts';
      import {
        type U,
        value,
        other as renamed,
      } from '../models/index.ts';
      export { again } from './again.ts';
      type V = typeof import('./typeof.ts');
      const lazy = await import('./lazy.ts');`;
    expect(importing('agent/x.ts', source).map(({ to, values }) => [to, ...values])).toEqual([
      ['agent/type.ts'],
      ['zod', '*'],
      ['drivers/device.ts', '*'],
      ['models/index.ts', 'value', 'other'],
      ['agent/again.ts', 'again'],
      ['agent/effect.ts', '*'],
      ['agent/lazy.ts', '*'],
    ]);
  });

  it('reads the whole house', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(imports.length).toBeGreaterThan(800);
    const missing = imports.filter(({ to }) => ours(to) && /\.tsx?$/.test(to) && !files.includes(to));
    expect(missing.map(complaint)).toEqual([]);
  });
});

describe('who may import whom', () => {
  it('drivers, models and backend import nothing of ours outside themselves', () => {
    expect(ownRoomOnly(imports)).toEqual([]);
    expect(
      ownRoomOnly(importing('drivers/a/b.ts', "import type { C } from '../../agent/c.ts';")),
    ).toHaveLength(1);
    expect(ownRoomOnly(importing('models/a.ts', "import { d } from '../drivers/device.ts';"))).toHaveLength(
      1,
    );
    expect(
      ownRoomOnly(importing('backend/a.ts', "import { seal } from '../agent/packet/seal.ts';")),
    ).toHaveLength(1);
  });

  it('the simulator imports neither agent nor drivers nor models', () => {
    expect(simAlone(imports)).toEqual([]);
    expect(simAlone(importing('sim/a.ts', "import { wire } from '../drivers/r30x/wire.ts';"))).toHaveLength(
      1,
    );
    const schema = "import s from '../agent/contract/generated/packet.schema.json' with { type: 'json' };";
    expect(simAlone(importing('sim/a.ts', schema))).toEqual([]);
  });

  it('the product imports neither simulator nor tests nor benches, the agent nothing of the backend', () => {
    expect(productAlone(imports)).toEqual([]);
    expect(
      productAlone(importing('agent/a.ts', "import { judgePacket } from '../backend/judge.ts';")),
    ).toHaveLength(1);
    expect(productAlone(importing('agent/a.ts', "import { play } from '../sim/play.ts';"))).toHaveLength(1);
  });

  it('inside the agent only compose.ts reaches drivers, models, broker and database', () => {
    expect(composeOnly(imports)).toEqual([]);
    for (const text of [
      "import { scannerOpener } from '../../drivers/registry.ts';",
      "import { supervise } from '../../drivers/supervise.ts';",
      "import * as models from '../../models/index.ts';",
      "import { mqttDial } from '../uplink/dial.ts';",
      "import { SqliteOutbox } from '../outbox/outbox.ts';",
      "const { openR30x } = await import('../../drivers/r30x/driver.ts');",
    ]) {
      expect(composeOnly(importing('agent/session/x.ts', text)), text).toHaveLength(1);
      expect(composeOnly(importing('agent/compose.ts', text)), text).toEqual([]);
    }
    const types = "import type { SqliteOutbox } from '../outbox/outbox.ts';";
    expect(composeOnly(importing('agent/session/x.ts', types))).toEqual([]);
  });

  it('every exception is still needed', () => {
    for (const [from, names] of Object.entries(EXCEPTIONS)) {
      const used = imports.filter(found => found.from === from).flatMap(({ values }) => values);
      expect(used, from).toEqual(expect.arrayContaining([...names]));
    }
  });

  it('schemas, inference, database, broker and serial lines have one owner each', () => {
    expect(oneOwner(imports)).toEqual([]);
    expect(oneOwner(importing('agent/ops/x.ts', "import { z } from 'zod';"))).toHaveLength(1);
    expect(oneOwner(importing('agent/ops/x.ts', "import type { z } from 'zod';"))).toEqual([]);
    expect(oneOwner(importing('models/face/x.ts', "import * as ort from 'onnxruntime-node';"))).toHaveLength(
      1,
    );
  });
});

describe('what stands in the files', () => {
  it('no file of the product or the simulator is longer than 400 lines', () => {
    const product = sources.filter(({ path }) => room(path) !== 'test');
    expect(product.flatMap(({ path, source }) => tooLong(path, source))).toEqual([]);
    expect(tooLong('a.ts', 'x\n'.repeat(MAX_LINES + 1))).toHaveLength(1);
    expect(tooLong('a.ts', 'x\n'.repeat(MAX_LINES))).toEqual([]);
  });

  it('no path of a particular machine', () => {
    expect(sources.flatMap(({ path, source }) => machinePaths(path, source))).toEqual([]);
    expect(machinePaths('a.ts', `read('${['', 'work', 'x'].join('/')}')`)).toHaveLength(1);
    expect(machinePaths('a.ts', "open('/dev/ttyUSB0')")).toEqual([]);
  });

  it('nothing is left for later and nothing is hidden from the compiler', () => {
    expect(sources.flatMap(({ path, source }) => unfinished(path, source))).toEqual([]);
    expect(unfinished('a.ts', `// ${'TO'}${'DO'}: later`)).toHaveLength(1);
    expect(unfinished('a.ts', `value as ${'an'}${'y'}`)).toHaveLength(1);
  });
});
