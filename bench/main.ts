/**
 * `npm run bench -- [NAME] [--small] [--only PART] [--minutes N] [--json]`: measures (a visit unless told), and prints one object
 * `{name, figures: [{id, value, unit, runs}]}`.
 */
import { parseArgs } from 'node:util';
import { deliveryBench } from './delivery.ts';
import { faceBench } from './face.ts';
import type { Bench, Figure } from './figures.ts';
import { fingerBench } from './finger.ts';
import { linksBench } from './links.ts';
import { opsBench } from './ops.ts';
import { recordsBench } from './records.ts';
import { screenBench } from './screen.ts';
import { soakBench } from './soak.ts';
import { visitBench } from './visit.ts';

const BENCHES: readonly Bench[] = [
  visitBench,
  fingerBench,
  faceBench,
  deliveryBench,
  recordsBench,
  screenBench,
  linksBench,
  opsBench,
  soakBench,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    small: { type: 'boolean', default: false },
    only: { type: 'string' },
    minutes: { type: 'string' },
  },
});
const { json, small, only } = values;
const minutes = values.minutes === undefined ? null : Number(values.minutes);
const [name = visitBench.name, ...rest] = positionals;
const bench = BENCHES.find(candidate => candidate.name === name);

if (!bench || rest.length > 0) {
  const names = BENCHES.map(candidate => candidate.name).join(', ');
  complain('USAGE', `no bench "${[name, ...rest].join(' ')}"`, `Choose one of: ${names}.`);
} else if (only !== undefined && !bench.parts?.includes(only)) {
  complain('USAGE', `no part "${only}"`, `Choose one of: ${bench.parts?.join(', ') ?? 'none'}.`);
} else if (minutes !== null && !(minutes > 0)) {
  complain('USAGE', `"${values.minutes}" is no number of minutes`, 'Give a number above 0.');
} else {
  await measure(bench);
}

async function measure({ name, summary, run }: Bench): Promise<void> {
  try {
    const figures = await run(text => process.stderr.write(`${text}\n`), {
      small,
      only: only ?? null,
      minutes,
    });
    if (json) process.stdout.write(`${JSON.stringify({ name, figures })}\n`);
    else process.stdout.write(`${name}: ${summary}\n${figures.map(line).join('\n')}\n`);
  } catch (error) {
    complain(
      'BENCH_FAILED',
      error instanceof Error ? error.message : String(error),
      'Run it again on an idle machine.',
    );
  }
}

function complain(code: string, message: string, remedy: string): void {
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
  else process.stderr.write(`${code}: ${message}\n${remedy}\n`);
  process.exitCode = 2;
}

function line({ id, value, unit, runs }: Figure): string {
  return `  ${id.padEnd(40)} ${value.toFixed(2).padStart(12)} ${unit.padEnd(6)} ${runs} runs`;
}
