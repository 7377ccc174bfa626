/** Looks at everything a kiosk needs, one check at a time; each finding comes with its remedy. */
import { access, constants, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { UplinkError } from '../uplink/errors.ts';
import { clockTrust } from './clock.ts';
import { entryOf, VantayError } from './errors.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** Code from the error catalogue; null when there is nothing to say. With `ok`, a thing to know rather than to mend. */
  readonly code: string | null;
  readonly detail: string;
  readonly remedy: string | null;
}

/** One thing to look at: says what it saw, throws a coded error when it is not as it should be. */
export interface Check {
  readonly name: string;
  look(signal: AbortSignal): Promise<string | Noted>;
}

/** What works, but not as it should on a real kiosk. */
export interface Noted {
  readonly detail: string;
  /** Code from the error catalogue. */
  readonly code: string;
}

/** Longest one check may take, in milliseconds: a search for a sensor's line speed takes the longest. */
const CHECK_DEADLINE_MS = 20_000;

export async function examine(checks: readonly Check[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, look } of checks) {
    const signal = AbortSignal.timeout(CHECK_DEADLINE_MS);
    try {
      const seen = await look(signal);
      findings.push(
        typeof seen === 'string'
          ? { check: name, ok: true, code: null, detail: seen, remedy: null }
          : { check: name, ok: true, ...seen, remedy: entryOf(Object.assign(new Error(), seen)).remedy },
      );
    } catch (error) {
      const { code, remedy } = entryOf(error);
      const detail = error instanceof Error ? error.message : String(error);
      findings.push({ check: name, ok: false, code, detail, remedy });
    }
  }
  return findings;
}

/** A visit is about 2 MB; below this the outbox would soon have to refuse, in bytes. */
const MINIMUM_FREE_BYTES = 512 * 2 ** 20;

/** The time of now, and whether anybody vouches for it. */
export async function lookAtClock(): Promise<string | Noted> {
  const detail = new Date().toISOString();
  return clockTrust() === 'synchronised' ? `${detail}, synchronised` : { detail, code: 'CLOCK_UNKNOWN' };
}

/** Free space and right to write of the state folder. */
export async function lookAtDisk(folder: string): Promise<string> {
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new VantayError('STATE_DIR', `cannot write to ${folder}`, { cause });
  });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${(free / 2 ** 30).toFixed(1)} GiB free`;
  if (free < MINIMUM_FREE_BYTES) throw new VantayError('DISK_LOW', `only ${text}`);
  return text;
}

/** How the broker is reached, as the configuration says. */
export interface BrokerLine {
  readonly url: string;
  readonly caFile?: string | undefined;
  readonly certificateFile?: string | undefined;
}

/** Whether anything listens at the broker's address, and whether the line to it is guarded. */
export async function lookAtBroker(line: BrokerLine, signal: AbortSignal): Promise<string | Noted> {
  const seen = await answering(new URL(line.url), signal);
  const lacks = unguarded(line);
  return lacks.length === 0 ? seen : { detail: [seen, ...lacks].join('; '), code: 'BROKER_UNGUARDED' };
}

/** What is missing for mutual TLS with an authority of one's own. */
function unguarded({ url, caFile, certificateFile }: BrokerLine): string[] {
  if (!url.startsWith('mqtts:')) return ['no TLS'];
  return [
    ...(caFile === undefined ? ['any public authority is believed'] : []),
    ...(certificateFile === undefined ? ['no certificate of this kiosk'] : []),
  ];
}

function answering({ hostname, port, protocol }: URL, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) || (protocol === 'mqtts:' ? 8883 : 1883) });
    const fail = (cause: unknown) => {
      socket.destroy();
      const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
      reject(new UplinkError('UPLINK_UNREACHABLE', `${hostname}: ${why}`, { cause }));
    };
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.destroy();
      resolve(`${hostname}:${socket.remotePort} answers`);
    });
  });
}
