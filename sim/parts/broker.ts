import { parseArgs } from 'node:util';
import { startBroker } from '../broker/broker.ts';
import { tlsFiles } from '../pki/use.ts';
import { runPart } from './process.ts';

/** The broker as its own process: `[--port N] [--mtls PKI_FOLDER]`. */
export function brokerPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { port: { type: 'string' }, mtls: { type: 'string' } },
  });
  return runPart(async () => {
    const part = await startBroker({
      port: Number(values.port ?? 0),
      ...(values.mtls !== undefined && { tls: tlsFiles(values.mtls, 'server') }),
    });
    return { part, ready: { part: 'broker', url: part.url } };
  }, signal);
}

if (import.meta.main) await brokerPart(process.argv.slice(2));
