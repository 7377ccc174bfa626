import { readOfficeFile } from '../office/file.ts';
import { type RecordServerFault, startRecordServer } from '../office/server.ts';
import { Control } from './control.ts';
import { required, runPart } from './process.ts';
import { serviceArguments } from './service.ts';

/**
 * An office's record server as its own process; arguments as in {@link serviceArguments}, with `--office NAME` and, as
 * `--records`, what `vantay records templates` has made. Its control door: `POST /fault`.
 */
export function recordServerPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const { broker, keys, office, controlPort, fault, records } = serviceArguments(argv, 'record-server');
  return runPart(async started => {
    const server = await startRecordServer(
      {
        ...{ broker, keys, office: required(office, 'office') },
        ...(await readOfficeFile(required(records, 'records'))),
        log: entry => console.error(JSON.stringify(entry)),
      },
      started,
    );
    server.setFault(fault as RecordServerFault | null);
    const control = await Control.open(controlPort, {
      'POST /fault': body => server.setFault(body as RecordServerFault | null),
    });
    const part = new AsyncDisposableStack();
    part.use(server);
    part.use(control);
    return { part, ready: { part: 'record-server', control: control.url } };
  }, signal);
}

if (import.meta.main) await recordServerPart(process.argv.slice(2));
