/** What the system says of a process: its memory and its processor time (proc(5)). */
import { readFileSync } from 'node:fs';

/** A second of the kernel's processor clock, in ticks (USER_HZ). */
const TICKS_A_SECOND = 100;

const about = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');

/** Bytes: what the process has to itself, and its share of what it has in common with others, such as Node's program. */
export const proportionalBytes = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(about(pid, 'smaps_rollup'))?.[1]) * 1024;

export const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(about(pid, 'status'))?.[1]) * 1024;

/** Milliseconds of all its threads since it began. */
export const cpuMs = (pid: number): number => {
  const fields = about(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
};
