/** `npm run bench -- [NAME] [--json]`: measures (a visit unless told), and prints one object `{name, figures: [{id, value, unit, runs}]}`. */
import { faceBench } from './face.ts';
import type { Bench, Figure } from './figures.ts';
import { fingerBench } from './finger.ts';
import { visitBench } from './visit.ts';

const BENCHES: readonly Bench[] = [visitBench, fingerBench, faceBench];

const [name = visitBench.name, ...rest] = process.argv.slice(2).filter(word => word !== '--json');
const json = process.argv.includes('--json');
const bench = BENCHES.find(candidate => candidate.name === name);

if (!bench || rest.length > 0) {
  const names = BENCHES.map(candidate => candidate.name).join(', ');
  complain('USAGE', `no bench "${[name, ...rest].join(' ')}"`, `Choose one of: ${names}.`);
} else {
  await measure(bench);
}

async function measure({ name, summary, run }: Bench): Promise<void> {
  try {
    const figures = await run(text => process.stderr.write(`${text}\n`));
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
