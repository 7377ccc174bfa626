import { parseArgs } from 'node:util';
import { startReplay } from '../replay/replay.ts';
import { readTape } from '../replay/tape.ts';
import { required, runPart } from './process.ts';

/** A recorded device as its own process: `--file FILE [--link PATH] [--port N] [--speed FACTOR]`. */
export function replayPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { file: text, link: text, port: text, speed: text },
  });
  return runPart(async () => {
    const tape = await readTape(required(values.file, 'file'));
    const part = await startReplay(tape, {
      port: Number(values.port ?? 0),
      speed: Number(values.speed ?? 1),
      ...(values.link === undefined ? {} : { link: values.link }),
    });
    void part.ended.then(end => console.log(JSON.stringify({ end })));
    return { part, ready: { part: 'replay', location: part.location } };
  }, signal);
}

if (import.meta.main) await replayPart(process.argv.slice(2));
