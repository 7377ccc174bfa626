import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MODULE = new URL('../../agent/ops/no-dumps.ts', import.meta.url).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-dumps-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a piece of program in a process that may leave core files as large as the machine lets anybody. */
function run(program: string, options: readonly string[] = []) {
  const node = [process.execPath, ...options, '--input-type=module', '-e', program]
    .map(word => `'${word}'`)
    .join(' ');
  return spawnSync('bash', ['-c', `ulimit -S -c "$(ulimit -H -c)"; exec ${node}`], {
    cwd: folder,
    encoding: 'utf8',
  });
}

it('leaves no core file of a process that is aborted, nor of what it started', () => {
  const { signal, stderr } = run(`
    import { spawnSync } from "node:child_process";
    import { forbidDumps } from "${MODULE}";
    await forbidDumps();
    spawnSync(process.execPath, ["-e", "process.abort()"]);
    process.abort();`);
  expect(signal, stderr).toBe('SIGABRT');
  expect(readdirSync(folder)).toEqual([]);
});

it('opens no debugger on SIGUSR1', () => {
  const { status, stderr } = run(`
    import { forbidDumps } from "${MODULE}";
    await forbidDumps();
    process.kill(process.pid, "SIGUSR1");
    setTimeout(() => {}, 300);`);
  expect(status, stderr).toBe(0);
  expect(stderr).not.toContain('Debugger listening');
});

it('tells of what it cannot forbid', () => {
  const { stdout } = run(
    `import { forbidDumps, leaksOfMemory } from "${MODULE}"; await forbidDumps(); console.log(leaksOfMemory().join());`,
    ['--heapsnapshot-signal=SIGUSR2'],
  );
  expect(stdout).toContain('--heapsnapshot-signal=SIGUSR2');
  expect(stdout).not.toContain('core files');
});
