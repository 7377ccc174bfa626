import { parseArgs } from 'node:util';
import type { BrokerAccess } from '../broker/client.ts';
import {
  recordServerKeys,
  recordServerTlsFiles,
  type ServiceKeySet,
  serviceKeys,
  tlsFiles,
} from '../pki/use.ts';
import { required } from './process.ts';

/** What the command lines of backend, registry and record server have in common. */
export interface ServiceArguments {
  readonly broker: BrokerAccess;
  readonly keys: ServiceKeySet;
  /** Port of the control door on 127.0.0.1. */
  readonly controlPort: number;
  /** A fault as JSON, e.g. `{"kind":"silent"}`. */
  readonly fault: unknown;
  /** SQLite file of the backend. */
  readonly store: string | undefined;
  /** JSON file with the records of the registry or the record server. */
  readonly records: string | undefined;
  /** Of the record server. */
  readonly office: string | undefined;
}

/**
 * `--url URL --pki FOLDER [--mtls] [--protocol 3.1.1|5] [--control-port N] [--fault JSON] [--store FILE]
 * [--records FILE] [--office NAME]`
 */
export function serviceArguments(
  argv: readonly string[],
  name: 'backend' | 'registry' | 'record-server',
): ServiceArguments {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      url: text,
      pki: text,
      mtls: { type: 'boolean' },
      protocol: text,
      'control-port': text,
      fault: text,
      store: text,
      records: text,
      office: text,
    },
  });
  const folder = required(values.pki, 'pki');
  const office = () => required(values.office, 'office');
  const ofOffice = name === 'record-server';
  return {
    broker: {
      url: required(values.url, 'url'),
      protocol: values.protocol === '5' ? '5' : '3.1.1',
      ...(values.mtls === true && {
        tls: ofOffice ? recordServerTlsFiles(folder, office()) : tlsFiles(folder, name),
      }),
    },
    keys: ofOffice ? recordServerKeys(folder, office()) : serviceKeys(folder, name),
    controlPort: Number(values['control-port'] ?? 0),
    fault: values.fault === undefined ? null : (JSON.parse(values.fault) as unknown),
    store: values.store,
    records: values.records,
    office: values.office,
  };
}
