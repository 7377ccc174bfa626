/** The plain read that searches are measured against; see read-memory.c. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Timed {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export interface Reader extends AsyncDisposable {
  read(): Promise<Timed>;
}

/** Compiles the reader for this machine and starts it, at the priority of the gallery's process. Needs a C compiler. */
export async function startReader(bytes: number): Promise<Reader> {
  const folder = await mkdtemp(`${tmpdir()}/vantay-bench-`);
  const source = fileURLToPath(new URL('read-memory.c', import.meta.url));
  const program = `${folder}/read-memory`;
  await promisify(execFile)('cc', ['-O3', '-march=native', '-pthread', '-o', program, source]);
  const child = spawn('nice', ['-n', '19', program, String(bytes)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async read() {
      child.stdin.write('\n');
      const { value = '' } = await lines.next();
      const [wallMs = Number.NaN, cpuMs = Number.NaN] = String(value).split(' ').map(Number);
      return { wallMs, cpuMs };
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await rm(folder, { recursive: true });
    },
  };
}
