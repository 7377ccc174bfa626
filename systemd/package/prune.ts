/** Leaves of the installed modules what an agent on one machine loads. */
import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Architecture } from './architecture.ts';

/** Modules whose files no agent reads, as a whole. */
const UNUSED = ['.package-lock.json', '.bin'];
/** What is there for developers alone: types, sources of maps, documentation other than licences. */
const FOR_DEVELOPERS =
  /\.(d\.[cm]?ts|ts|tsx|map|flow|markdown|gyp|gypi|c|cc|cpp|h|hpp)$|(?<!licen[cs]e)\.md$/i;

/** What tests a module, at its top. */
const TESTS = /(^|\/node_modules\/)(@[^/]+\/)?[^/]+\/tests?\//;

/** Files of single packages that are not needed, as patterns of their path below `node_modules`. */
const unneeded = ({ node }: Architecture): readonly RegExp[] => [
  new RegExp(`^onnxruntime-node/bin/napi-v\\d+/(?!linux/${node}/).+`),
  new RegExp(`^@serialport/bindings-cpp/prebuilds/(?!linux-${node}/).+`),
  /^@serialport\/bindings-cpp\/prebuilds\/.+musl/,
  new RegExp(`^node-hid/prebuilds/(?![^/]+-linux-${node}/).+`),
  /^node-hid\/prebuilds\/.+musl/,
  /^@koromix\/koffi-linux-[^/]+\/musl/,
  new RegExp(`^node-linux-${node}/`),
  // Of the face package only its weights are read, and of these not age, feeling, sex and liveness.
  /^faceplugin-face-recognition-js\/(js|lib)\//,
  /^faceplugin-face-recognition-js\/model\/fr_(age|expression|gender|liveness)\.onnx$/,
  // Two weights of upright letters; see agent/screen/fonts.ts.
  /^@fontsource\/[^/]+\/files\/(?!.+-(400|700)-normal\.woff2?$)/,
  /^@fontsource\/[^/]+\/[^/]+\.(css|scss)$/,
  /^(pdfkit\/js\/pdfkit\.standalone|fontkit\/dist\/browser)/,
];

export async function pruneModules(folder: string, architecture: Architecture): Promise<void> {
  for (const name of UNUSED) await rm(join(folder, name), { recursive: true, force: true });
  const patterns = [FOR_DEVELOPERS, TESTS, ...unneeded(architecture)];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const below = path.slice(folder.length + 1);
    if (patterns.some(pattern => pattern.test(below))) await rm(path);
  }
  // Folders that are empty now.
  await promisify(execFile)('find', [folder, '-type', 'd', '-empty', '-delete']);
}
