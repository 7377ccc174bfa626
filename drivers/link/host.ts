/**
 * What every process that owns a device does alike. A device's native code runs in such a process, so that what crashes or
 * hangs there does not take the agent along. It is started by owner.ts and killed by it; it ends by itself when it could not
 * open the device, and when the agent has gone.
 */
import { writeSync } from 'node:fs';
import { encodeHead, FrameReader, type Report, type Request } from './owner-wire.ts';

/** Does what the device is asked; gives the answer, where there is one. */
export type Act = (ask: string, bytes: Buffer) => Promise<Uint8Array | undefined>;

/** What a device does unasked. */
export interface Events {
  /** Bytes came; they are handed on before this returns, and wiped. */
  readonly input: (bytes: Uint8Array) => void;
  /** It will not do anything any more. */
  readonly lost: (why: unknown) => void;
}

const NOTHING = new Uint8Array(0);

/** Opens the device and serves the agent with it. */
export async function own(open: (events: Events) => Promise<Act>): Promise<void> {
  // Ctrl-C and systemd tell every process of the agent; the agent closes its devices in its own order.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('uncaughtException', end);
  let act: Act;
  try {
    act = await open({
      input: bytes => tell({ kind: 'input' }, bytes),
      lost: why => tell({ kind: 'lost', text: textOf(why) }),
    });
  } catch (error) {
    tell({ kind: 'refused', text: textOf(error) });
    return;
  }
  const requests = new FrameReader<Request>();
  process.stdin.on('data', chunk => {
    for (const { word, bytes } of requests.push(chunk)) void answer(act, word, Buffer.from(bytes));
  });
  process.stdin.on('close', end);
  tell({ kind: 'open' });
}

/** An orderly exit would wait for native threads, which may hang. */
const end = () => process.kill(process.pid, 'SIGKILL');

async function answer(act: Act, { id, ask }: Request, bytes: Buffer): Promise<void> {
  try {
    tell({ kind: 'done', id }, ask === 'ping' ? NOTHING : await act(ask, bytes));
  } catch (error) {
    tell({ kind: 'failed', id, text: textOf(error) });
  }
}

const STDOUT = 1;

/** In order and at once: the pipe holds more than any device sends while the agent is busy. */
function tell(report: Report, bytes: Uint8Array = NOTHING): void {
  for (const part of [encodeHead(report, bytes.length), bytes])
    for (let at = 0; at < part.length; ) at += writeSync(STDOUT, part, at);
  bytes.fill(0);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
