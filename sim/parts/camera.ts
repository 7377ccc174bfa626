import { parseArgs } from 'node:util';
import { startCamera } from '../camera/server.ts';
import { SimulatorError } from '../errors.ts';
import { FingerStudio, simulatedPerson } from '../people/index.ts';
import { liveFrame } from '../world/portrait.ts';
import { POSES } from '../world/stage.ts';
import { runPart } from './process.ts';

/** The camera as its own process: `[--port N] [--person SEED] [--pose NAME] [--fps N]`. */
export function cameraPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { port: text, person: text, pose: text, fps: text },
  });
  const wanted = values.pose ?? 'neutral';
  const pose = POSES.find(name => name === wanted);
  if (!pose) throw new SimulatorError('USAGE', `no pose "${wanted}"`, `Choose one of: ${POSES.join(', ')}.`);
  return runPart(async () => {
    await using studio = new FingerStudio();
    const person = simulatedPerson(Number(values.person ?? 1), studio);
    let variation = 0;
    const part = await startCamera({
      port: Number(values.port ?? 0),
      framesPerSecond: Number(values.fps ?? 15),
      nextFrame: () => liveFrame(person, pose, variation++),
    });
    return { part, ready: { part: 'camera', url: part.url } };
  }, signal);
}

if (import.meta.main) await cameraPart(process.argv.slice(2));
