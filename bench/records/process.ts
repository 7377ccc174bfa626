/** What the system says of a process: its memory and its processor time (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

const about = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');

/** Bytes: what the process has to itself, and its share of what it has in common with others, such as Node's program. */
export const proportionalBytes = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(about(pid, 'smaps_rollup'))?.[1]) * 1024;

export const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(about(pid, 'status'))?.[1]) * 1024;

/** Processor time of its threads since each began, milliseconds: in nanoseconds there, where `stat` counts hundredths of a second. */
export const cpuMs = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce(
    (sum, thread) => sum + Number(about(pid, `task/${thread}/schedstat`).split(' ')[0]) / 1e6,
    0,
  );
