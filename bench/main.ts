/** `npm run bench -- NAME [--json]`: measures, and prints one object `{name, figures: [{id, value, unit, runs}]}`. */
import type { Bench, Figure } from './figures.ts';
import { visitBench } from './visit.ts';

const BENCHES: readonly Bench[] = [visitBench];

const [name, ...rest] = process.argv.slice(2).filter(word => word !== '--json');
const json = process.argv.includes('--json');
const bench = BENCHES.find(candidate => candidate.name === name);

if (!bench || rest.length > 0) {
  const names = BENCHES.map(candidate => candidate.name).join(', ');
  const message = name ? `no bench "${[name, ...rest].join(' ')}"` : 'the name of a bench is missing';
  const remedy = `Choose one of: ${names}.`;
  if (json) process.stdout.write(`${JSON.stringify({ error: { code: 'USAGE', message, remedy } })}\n`);
  else process.stderr.write(`USAGE: ${message}\n${remedy}\n`);
  process.exitCode = 2;
} else {
  const figures = await bench.run(text => process.stderr.write(`${text}\n`));
  if (json) process.stdout.write(`${JSON.stringify({ name: bench.name, figures })}\n`);
  else process.stdout.write(`${bench.name}: ${bench.summary}\n${figures.map(line).join('\n')}\n`);
}

function line({ id, value, unit, runs }: Figure): string {
  return `  ${id.padEnd(40)} ${value.toFixed(2).padStart(12)} ${unit.padEnd(6)} ${runs} runs`;
}
