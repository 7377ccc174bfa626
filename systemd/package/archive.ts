/** From a laid-out folder to a Debian package, the same bytes each time. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Architecture } from './architecture.ts';

export interface Contents {
  readonly name: string;
  readonly version: string;
  /** Folder that is to be the root of the file system. */
  readonly root: string;
  readonly summary: string;
  readonly depends: readonly string[];
  readonly recommends: readonly string[];
  readonly suggests: readonly string[];
  /** Files of the maintainer's scripts, named as Debian wants them. */
  readonly scripts: readonly string[];
  /** Paths of files that belong to whoever runs the machine once they are changed. */
  readonly settings: readonly string[];
}

export interface Archive {
  readonly file: string;
  readonly bytes: number;
  readonly installedBytes: number;
}

const run = promisify(execFile);

/** @throws Error of dpkg-deb */
export async function buildArchive(
  contents: Contents,
  architecture: Architecture,
  out: string,
): Promise<Archive> {
  const { root, name, version } = contents;
  const files = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
  let installedBytes = 0;
  const sums: string[] = [];
  for (const path of files) {
    const bytes = await readFile(join(root, path));
    installedBytes += bytes.length;
    sums.push(`${createHash('md5').update(bytes).digest('hex')}  ${path}\n`);
  }
  const control = join(root, 'DEBIAN');
  await mkdir(control);
  await writeFile(join(control, 'md5sums'), sums.join(''));
  await writeFile(join(control, 'control'), controlText(contents, architecture, installedBytes));
  if (contents.settings.length > 0)
    await writeFile(join(control, 'conffiles'), contents.settings.map(path => `/${path}\n`).join(''));
  for (const script of contents.scripts) {
    await copyFile(script, join(control, basename(script)));
    await chmod(join(control, basename(script)), 0o755);
  }
  const seconds = await epochSeconds();
  // Who reads it is decided by the units, not by the mask of whoever built it.
  await run('chmod', ['-R', 'u=rwX,go=rX', root]);
  await run('find', [root, '-exec', 'touch', '-h', '-d', `@${seconds}`, '{}', '+']);
  const file = join(out, `${name}_${version}_${architecture.debian}.deb`);
  await run('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: seconds },
  });
  return { file, bytes: (await stat(file)).size, installedBytes };
}

/** The time all files bear: SOURCE_DATE_EPOCH, else that of the commit, seconds. */
async function epochSeconds(): Promise<string> {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) return given;
  const { stdout } = await run('git', ['log', '-1', '--format=%ct'], { cwd: import.meta.dirname });
  return stdout.trim();
}

function controlText(contents: Contents, { debian }: Architecture, installedBytes: number): string {
  const { name, version, summary, depends, recommends, suggests } = contents;
  const list = (field: string, names: readonly string[]) =>
    names.length > 0 ? [`${field}: ${names.join(', ')}`] : [];
  return `${[
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${debian}`,
    'Maintainer: Vantay <vantay@localhost>',
    `Installed-Size: ${Math.ceil(installedBytes / 1024)}`,
    ...list('Depends', depends),
    ...list('Recommends', recommends),
    ...list('Suggests', suggests),
    'Section: misc',
    'Priority: optional',
    `Description: ${summary}`,
  ].join('\n')}\n`;
}
