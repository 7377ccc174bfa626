/**
 * What was recorded on a link, as the agent writes it: one JSON object a line, the first tells the link, each other one
 * event with its time. Only what a device can see or do is kept: the setting of a line speed is neither.
 */
import { readFile } from 'node:fs/promises';
import { SimulatorError } from '../errors.ts';

export interface Tape {
  readonly location: string;
  /** Content-Type of what came, where the device was no serial line; else null. */
  readonly mediaType: string | null;
  readonly events: readonly TapeEvent[];
}

export type TapeEvent =
  /** The device sent these bytes. */
  | { readonly kind: 'sent'; readonly atMs: number; readonly bytes: Buffer }
  /** The device was told these bytes. */
  | { readonly kind: 'told'; readonly atMs: number; readonly bytes: Buffer }
  /** The cable was pulled, or the connection cut. */
  | { readonly kind: 'lost'; readonly atMs: number }
  | AskedEvent;

/** A service was asked; `answer` is null where it gave none that could be read. */
export interface AskedEvent {
  readonly kind: 'asked';
  readonly atMs: number;
  readonly tookMs: number;
  readonly verb: string;
  readonly url: URL;
  readonly body: string;
  readonly answer: Buffer | null;
}

/** @throws SimulatorError TAPE_UNREADABLE; the error of the file system */
export async function readTape(path: string): Promise<Tape> {
  const [head, ...lines] = (await readFile(path, 'utf8'))
    .split('\n')
    .filter(line => line !== '')
    .map(objectOf);
  if (head?.tape !== 'vantay-link' || head.version !== 1) throw unreadable('it is no recording of a link');
  return {
    location: String(head.location),
    mediaType: typeof head.mediaType === 'string' ? head.mediaType : null,
    events: lines.flatMap(eventOf),
  };
}

type Line = Readonly<Record<string, unknown>>;

function eventOf(line: Line): TapeEvent[] {
  const { atMs } = line;
  if (typeof atMs !== 'number') throw unreadable('an event has no time');
  if (typeof line.in === 'string') return [{ kind: 'sent', atMs, bytes: Buffer.from(line.in, 'base64') }];
  if (typeof line.out === 'string') return [{ kind: 'told', atMs, bytes: Buffer.from(line.out, 'base64') }];
  if (typeof line.asked === 'string') return [askedIn(line, line.asked, atMs)];
  return 'lost' in line ? [{ kind: 'lost', atMs }] : [];
}

function askedIn({ body, answered, tookMs }: Line, asked: string, atMs: number): AskedEvent {
  const [verb = '', url = ''] = asked.split(' ');
  if (!URL.canParse(url)) throw unreadable('a question has no address');
  const answer = typeof answered === 'string' ? Buffer.from(answered, 'base64') : null;
  return {
    kind: 'asked',
    ...{ atMs, verb, answer },
    url: new URL(url),
    body: String(body),
    tookMs: Number(tookMs) || 0,
  };
}

function objectOf(line: string): Line {
  try {
    return Object(JSON.parse(line));
  } catch {
    throw unreadable('a line is no JSON');
  }
}

const unreadable = (why: string) =>
  new SimulatorError('TAPE_UNREADABLE', `the recording cannot be read: ${why}`, 'Record the device anew.');
