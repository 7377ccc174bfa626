import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { SimulatorError } from '../errors.ts';
import { FingerStudio, positionCode, simulatedPerson } from '../people/index.ts';
import { startSensor } from '../sensor/sensor.ts';
import { runPart } from './process.ts';

/**
 * The fingerprint sensor as its own process: `[--link PATH] [--person SEED] [--finger NAME] [--image FILE] [--paced]`.
 * The finger lies on the glass all the time.
 */
export function sensorPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { link: text, person: text, finger: text, image: text, paced: { type: 'boolean' } },
  });
  return runPart(async started => {
    const finger = values.image ? await fromFile(values.image) : await invented(values, started);
    const part = startSensor({
      finger: () => finger,
      paced: values.paced ?? false,
      ...(values.link === undefined ? {} : { link: values.link }),
    });
    return { part, ready: { part: 'sensor', path: part.path } };
  }, signal);
}

async function fromFile(file: string) {
  const { data, info } = await sharp(await readFile(file))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, ppi: 500, pixels: new Uint8Array(data) };
}

async function invented(values: { person?: string; finger?: string }, signal: AbortSignal) {
  await using studio = new FingerStudio();
  const person = simulatedPerson(Number(values.person ?? 1), studio);
  const finger = positionCode(values.finger ?? 'right_index');
  if (!finger)
    throw new SimulatorError('USAGE', `no finger "${values.finger}"`, 'Name one such as right_index.');
  return person.liveImpression(finger, 0, { signal });
}

if (import.meta.main) await sensorPart(process.argv.slice(2));
