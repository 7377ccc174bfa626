/** A printer as it hangs on a kiosk: a device file, a network socket, or a command that takes the page from its input. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { orAbort } from '../deadline.ts';
import { DeviceError } from '../device.ts';
import { decodeStatus, type PrinterTrouble, STATUS_BYTES, STATUS_QUESTION } from './status.ts';

export type PrinterSettings =
  /** A device file such as /dev/usb/lp0. */
  | { readonly kind: 'escpos-file'; readonly path: string }
  /** Raw printing over TCP, on port 9100 by custom. */
  | { readonly kind: 'escpos-tcp'; readonly host: string; readonly port: number }
  /** A command that prints a PDF from its standard input, such as `lp -d slips`. */
  | { readonly kind: 'pdf-command'; readonly command: string; readonly arguments: readonly string[] };

/** Longest a printer may take for a slip, in milliseconds: out of paper, it takes nothing at all. */
const DEADLINE_MS = 20_000;

/** @throws DeviceError DEVICE_NOT_FOUND, DEVICE_TIMEOUT, DEVICE_FAULT; the abort reason */
export async function printTo(
  printer: PrinterSettings,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const within = AbortSignal.any([signal, deadline]);
  try {
    await HOW[printer.kind](printer as never, bytes, within);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof DeviceError) throw cause;
    if (deadline.aborted) throw new DeviceError('DEVICE_TIMEOUT', 'the printer takes nothing', { cause });
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    const missing = code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENODEV';
    throw new DeviceError(
      missing ? 'DEVICE_NOT_FOUND' : 'DEVICE_FAULT',
      missing ? 'no printer where the configuration says' : 'the printer failed',
      { cause },
    );
  }
}

/** A printer that says nothing within this time is one that never does: print servers swallow the question. */
const STATUS_DEADLINE_MS = 500;
const TROUBLES: Readonly<Record<PrinterTrouble, string>> = {
  cover_open: 'the cover of the printer is open',
  no_paper: 'the printer has no paper',
  fault: 'the printer reports a fault',
};

/** A printer without paper takes a slip all the same, and prints it for whoever comes after the next roll. */
async function refuseTroubled(socket: Socket, signal: AbortSignal): Promise<void> {
  let answer = Buffer.alloc(0);
  const said = Promise.withResolvers<void>();
  const hear = (bytes: Buffer) => {
    answer = Buffer.concat([answer, bytes]);
    if (answer.length >= STATUS_BYTES) said.resolve();
  };
  socket.on('data', hear);
  const timer = setTimeout(said.resolve, STATUS_DEADLINE_MS);
  try {
    socket.write(STATUS_QUESTION);
    await orAbort(said.promise, signal);
  } finally {
    clearTimeout(timer);
    socket.off('data', hear);
  }
  const status = decodeStatus(answer);
  if (status !== undefined && status !== 'ready') throw new DeviceError('DEVICE_FAULT', TROUBLES[status]);
}

type Kind<Name extends PrinterSettings['kind']> = Extract<PrinterSettings, { kind: Name }>;

const HOW = {
  'escpos-file': async ({ path }: Kind<'escpos-file'>, bytes: Uint8Array, signal: AbortSignal) => {
    await using file = await open(path, 'w');
    await pipeline([bytes], file.createWriteStream({ autoClose: false }), { signal });
  },
  'escpos-tcp': async ({ host, port }: Kind<'escpos-tcp'>, bytes: Uint8Array, signal: AbortSignal) => {
    const socket = connect({ host, port, signal });
    try {
      await once(socket, 'connect', { signal });
      await refuseTroubled(socket, signal);
      await pipeline([bytes], socket, { signal });
    } finally {
      socket.destroy();
    }
  },
  'pdf-command': async (printer: Kind<'pdf-command'>, bytes: Uint8Array, signal: AbortSignal) => {
    const child = spawn(printer.command, [...printer.arguments], {
      stdio: ['pipe', 'ignore', 'ignore'],
      signal,
    });
    const exited = once(child, 'exit');
    await Promise.all([pipeline([bytes], child.stdin, { signal }), exited]);
    const [code] = (await exited) as [number | null];
    if (code !== 0) throw new Error(`the command ended with ${code}`);
  },
};
