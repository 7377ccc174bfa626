import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
/** A slow machine takes minutes for the largest. */
const DEADLINE_MS = 600_000;

const Printed = z.strictObject({
  name: z.string(),
  figures: z
    .array(z.strictObject({ id: z.string(), value: z.number(), unit: z.string(), runs: z.int().positive() }))
    .min(3),
});

// What each says is for whoever runs it; here it has to run to its end. Delivery's trials are tests of their own.
test.each(['visit', 'finger', 'face', 'records', 'screen', 'links', 'ops', 'soak'])(
  'the bench %s prints its figures',
  async name => {
    const { stdout } = await run(process.execPath, [MAIN, name, '--small', '--json']);
    const printed = Printed.parse(JSON.parse(stdout));
    expect(printed.name).toBe(name);
    expect(new Set(printed.figures.map(({ id }) => id)).size).toBe(printed.figures.length);
  },
  DEADLINE_MS,
);
