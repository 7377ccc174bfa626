/**
 * `npm run package -- [--arch amd64|arm64] [--out FOLDER]`: makes two Debian packages. `vantay` is the agent with its own
 * Node and its modules; `vantay-simulator` adds the simulated hardware and the other side, for trials. The same commit and
 * the same lock file give the same bytes.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ARCHITECTURES, type Architecture } from './architecture.ts';
import { buildArchive } from './archive.ts';
import { layOutAgent, layOutSimulator } from './layout.ts';

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
    out: { type: 'string', default: 'artefacts/package' },
  },
});
const architecture = ARCHITECTURES[values.arch as Architecture['debian']];
if (!architecture) {
  process.stderr.write(
    `no architecture "${values.arch}": choose one of ${Object.keys(ARCHITECTURES).join(', ')}\n`,
  );
  process.exit(2);
}

const stage = await mkdtemp(join(tmpdir(), 'vantay-package-'));
try {
  const out = resolve(values.out);
  await mkdir(out, { recursive: true });
  for (const layOut of [layOutAgent, layOutSimulator]) {
    const contents = await layOut(stage, architecture);
    const { file, bytes, installedBytes } = await buildArchive(contents, architecture, out);
    const mebibytes = (size: number) => `${(size / 2 ** 20).toFixed(1)} MiB`;
    process.stdout.write(`${file}: ${mebibytes(bytes)}, installed ${mebibytes(installedBytes)}\n`);
  }
} finally {
  await rm(stage, { recursive: true, force: true });
}
