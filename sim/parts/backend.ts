import { startBackend } from '../backend/backend.ts';
import type { BackendFault } from '../backend/faults.ts';
import { Control } from './control.ts';
import { runPart } from './process.ts';
import { serviceArguments } from './service.ts';

/**
 * The backend as its own process; arguments as in {@link serviceArguments}. Its control door: `GET /packets` (summaries
 * without personal data), `GET /refusals`, `POST /fault`.
 */
export function backendPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const { broker, keys, controlPort, fault, store } = serviceArguments(argv, 'backend');
  return runPart(async started => {
    const backend = await startBackend(
      {
        broker,
        keys,
        fault: fault as BackendFault | null,
        ...(store !== undefined && { store }),
        log: entry => console.error(JSON.stringify(entry)),
        onKill: () => process.kill(process.pid, 'SIGKILL'),
      },
      started,
    );
    const control = await Control.open(controlPort, {
      'GET /packets': async () =>
        (await backend.packets()).map(({ manifest: _personal, ...packet }) => packet),
      'GET /refusals': () => backend.refusals(),
      'POST /fault': body => backend.setFault(body as BackendFault | null),
    });
    const part = new AsyncDisposableStack();
    part.use(backend);
    part.use(control);
    return { part, ready: { part: 'backend', control: control.url } };
  }, signal);
}

if (import.meta.main) await backendPart(process.argv.slice(2));
