import { parseArgs } from 'node:util';
import { FingerStudio, simulatedPerson } from '../people/index.ts';
import { startReader } from '../reader/reader.ts';
import { runPart } from './process.ts';

/** The document reader as its own process: `[--link PATH] [--person SEED] [--every SECONDS]`; passport and card in turn. */
export function readerPart(argv: readonly string[], signal?: AbortSignal): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...argv], options: { link: text, person: text, every: text } });
  return runPart(async started => {
    await using studio = new FingerStudio();
    const { passport, residenceCard } = simulatedPerson(Number(values.person ?? 1), studio).identity;
    const part = startReader(values.link === undefined ? {} : { link: values.link });
    let turn = 0;
    const timer = setInterval(
      () => {
        turn += 1;
        void part.present(turn % 2 === 1 ? passport.mrz : residenceCard.mrz);
      },
      Number(values.every ?? 5) * 1000,
    );
    started.addEventListener('abort', () => clearInterval(timer), { once: true });
    return { part, ready: { part: 'reader', path: part.path } };
  }, signal);
}

if (import.meta.main) await readerPart(process.argv.slice(2));
