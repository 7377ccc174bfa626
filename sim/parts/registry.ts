import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImmigrationRecord, ReferenceSample } from '../registry/records.ts';
import { type RegistryFault, startRegistry } from '../registry/registry.ts';
import { Control } from './control.ts';
import { runPart } from './process.ts';
import { serviceArguments } from './service.ts';

/** A record as it stands in a file: the references' bytes are files beside it. */
interface RecordFile extends Omit<ImmigrationRecord, 'references'> {
  readonly references: readonly (Omit<ReferenceSample, 'bytes'> & { readonly file: string })[];
}

/** Reads a JSON array of records, each reference with `file` (relative to the JSON file) instead of `bytes`. */
export function readRecords(path: string): ImmigrationRecord[] {
  const records = JSON.parse(readFileSync(path, 'utf8')) as RecordFile[];
  return records.map(record => ({
    ...record,
    references: record.references.map(({ file, ...reference }) => ({
      ...reference,
      bytes: new Uint8Array(readFileSync(join(dirname(path), file))),
    })),
  }));
}

/** The registry as its own process; arguments as in {@link serviceArguments}. Its control door: `POST /fault`. */
export function registryPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const { broker, keys, controlPort, fault, records } = serviceArguments(argv, 'registry');
  return runPart(async started => {
    const registry = await startRegistry(
      {
        broker,
        keys,
        records: records === undefined ? [] : readRecords(records),
        fault: fault as RegistryFault | null,
        log: entry => console.error(JSON.stringify(entry)),
      },
      started,
    );
    const control = await Control.open(controlPort, {
      'POST /fault': body => registry.setFault(body as RegistryFault | null),
    });
    const part = new AsyncDisposableStack();
    part.use(registry);
    part.use(control);
    return { part, ready: { part: 'registry', control: control.url } };
  }, signal);
}

if (import.meta.main) await registryPart(process.argv.slice(2));
