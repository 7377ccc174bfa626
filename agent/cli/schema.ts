import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { contractDocuments } from '../contract/documents.ts';
import { errorsMarkdown, VantayError } from '../ops/errors.ts';
import { VERSION } from '../version.ts';
import { print } from './exit.ts';

const GENERATED = new URL('../contract/generated/', import.meta.url);
const ERRORS_MD = new URL('../../ERRORS.md', import.meta.url);

/** `vantay schema`: prints one generated document, or holds the committed ones to the code. */
export function schemaVerb(): Command {
  return new Command('schema')
    .description('print a generated document (config, packet, receipt, openapi, asyncapi, ...)')
    .argument('[name]', 'document; without it the names are listed')
    .option('--check', 'compare the committed documents with the code')
    .option('--write', 'write the committed documents anew')
    .option('--json', 'print one JSON object')
    .action(
      async (name: string | undefined, options: { check?: boolean; write?: boolean; json?: boolean }) => {
        const documents = contractDocuments(VERSION);
        if (options.write) return write(documents, options.json);
        if (options.check) return check(documents, options.json);
        const names = [...documents.keys()].map(shortName);
        if (!name) return print(options.json, { documents: names }, () => names.join('\n'));
        const text = [...documents].find(([file]) => shortName(file) === name)?.[1];
        if (!text) throw new VantayError('USAGE', `no document "${name}"; there are: ${names.join(', ')}`);
        process.stdout.write(text);
      },
    );
}

const shortName = (file: string): string => file.replace(/(\.schema)?\.json$/, '');

async function write(documents: ReadonlyMap<string, string>, json?: boolean): Promise<void> {
  await mkdir(GENERATED, { recursive: true });
  for (const file of await readdir(GENERATED)) if (!documents.has(file)) await rm(new URL(file, GENERATED));
  for (const [file, text] of documents) await writeFile(new URL(file, GENERATED), text);
  await writeFile(ERRORS_MD, errorsMarkdown());
  print(
    json,
    { written: [...documents.keys(), 'ERRORS.md'] },
    () => `${documents.size + 1} documents written`,
  );
}

async function check(documents: ReadonlyMap<string, string>, json?: boolean): Promise<void> {
  const wanted = new Map<URL, string>([...documents].map(([file, text]) => [new URL(file, GENERATED), text]));
  wanted.set(ERRORS_MD, errorsMarkdown());
  const outdated: string[] = [];
  for (const [url, text] of wanted) {
    const committed = await readFile(url, 'utf8').catch(() => '');
    if (committed !== text) outdated.push(url.pathname.split('/').at(-1) ?? '');
  }
  if (outdated.length > 0)
    throw new VantayError('SCHEMA_OUTDATED', `not as generated: ${outdated.join(', ')}`);
  print(
    json,
    { ok: true, documents: wanted.size },
    () => `${wanted.size} documents are as the code generates them`,
  );
}
