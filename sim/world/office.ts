/** The office's record server with people in it: the agent's own command makes their templates, as it would an operator's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOfficeFile } from '../office/file.ts';
import { type SimulatedRecordServer, startRecordServer } from '../office/server.ts';
import type { Person } from '../people/index.ts';
import { pkiPaths } from '../pki/paths.ts';
import { recordServerKeys, recordServerTlsFiles } from '../pki/use.ts';
import { recordOf } from './record.ts';
import { ADDRESS, keyFolder, type World } from './world.ts';

const AGENT = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

/** The part of the agent's configuration. */
export const recordServerSettings = (folder: string) => ({
  keyFile: pkiPaths(keyFolder(folder), ADDRESS.office, ADDRESS.kiosk).recordServer.encryptionPublic,
});

/** Starts it with these people alone. @param folder the world's */
export async function startOffice(
  { broker, brokerUrl: url, configFile }: World,
  folder: string,
  people: readonly Person[],
  signal: AbortSignal,
): Promise<SimulatedRecordServer> {
  const office = join(folder, 'office');
  await mkdir(office, { recursive: true, mode: 0o700 });
  const [pictures, templates] = [join(office, 'records.json'), join(office, 'templates.json')];
  await writeFile(
    pictures,
    JSON.stringify(await Promise.all(people.map(one => onDisk(one, office, signal)))),
  );
  const words = ['records', 'templates', '--config', configFile, '--records', pictures, '--to', templates];
  const child = spawn(process.execPath, [AGENT, ...words], { stdio: 'ignore', signal });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`no templates were made: exit code ${code}`);
  const keys = keyFolder(folder);
  const tls = recordServerTlsFiles(keys, ADDRESS.office);
  return startRecordServer(
    {
      ...(await readOfficeFile(templates)),
      broker: broker ? { url } : { url, protocol: '5', tls },
      keys: recordServerKeys(keys, ADDRESS.office),
      office: ADDRESS.office,
    },
    signal,
  );
}

/** A person's record with its pictures in files. */
async function onDisk(person: Person, folder: string, signal: AbortSignal): Promise<object> {
  const { references, ...record } = await recordOf(person, signal);
  const files = references.map(async ({ bytes, ...reference }, index) => {
    const file = `${record.recordId}-${index}`;
    await writeFile(join(folder, file), bytes, { mode: 0o600 });
    return { ...reference, file };
  });
  return { ...record, references: await Promise.all(files) };
}
