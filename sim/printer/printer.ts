/** A receipt printer on a TCP port, as network printers have it: takes ESC/POS and keeps what would be on paper. */
import { once } from 'node:events';
import { createServer } from 'node:net';

export interface SimulatedPrinter extends AsyncDisposable {
  readonly port: number;
  /** What is wrong with it; null again when it was mended. */
  trouble: PrinterFault | null;
  /** Every job taken so far, whole. */
  readonly jobs: readonly PrintedSlip[];
  /** Resolves with the next job that is cut off the roll. */
  next(): Promise<PrintedSlip>;
}

/** `mute`: it prints, and answers no question. */
export type PrinterFault = 'coverOpen' | 'paperOut' | 'mute';

export interface PrintedSlip {
  /** Height of each picture printed, in dots. */
  readonly pictures: readonly number[];
  /** What was printed in the printer's own letters, commands left in between. */
  readonly text: string;
  /** Whether the paper was cut. */
  readonly cut: boolean;
}

export async function startPrinter(port = 0): Promise<SimulatedPrinter> {
  const jobs: PrintedSlip[] = [];
  let waiting = Promise.withResolvers<PrintedSlip>();
  const server = createServer(socket => {
    const chunks: Buffer[] = [];
    socket.on('data', chunk => {
      const { questions, rest } =
        chunks.length === 0 ? realTimeQuestions(chunk) : { questions: [], rest: chunk };
      if (printer.trouble !== 'mute') socket.write(statusBytes(questions, printer.trouble));
      if (rest.length > 0) chunks.push(rest);
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => {
      // Whoever only asked has printed nothing.
      if (chunks.length === 0) return void socket.end();
      const slip = read(Buffer.concat(chunks));
      jobs.push(slip);
      waiting.resolve(slip);
      waiting = Promise.withResolvers();
      socket.end();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const printer: SimulatedPrinter = {
    trouble: null,
    port: typeof address === 'object' && address ? address.port : 0,
    jobs,
    next: () => waiting.promise,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
  return printer;
}

const DLE = 0x10;
const EOT = 0x04;

/** Questions at the beginning of what came (DLE EOT n); within a picture the same bytes are dots. */
export function realTimeQuestions(bytes: Buffer): {
  readonly questions: readonly number[];
  readonly rest: Buffer;
} {
  const questions: number[] = [];
  let at = 0;
  for (; bytes[at] === DLE && bytes[at + 1] === EOT; at += 3) questions.push(bytes[at + 2] ?? 0);
  return { questions, rest: bytes.subarray(at) };
}

/** Answers of ESC/POS real-time status: 12H when all is well; n 2 offline causes, n 4 the paper's end. */
export function statusBytes(questions: readonly number[], trouble: PrinterFault | null): Uint8Array {
  const answers: Readonly<Record<number, number>> = {
    2: 0x12 | (trouble === 'coverOpen' ? 0x04 : 0) | (trouble === 'paperOut' ? 0x20 : 0),
    4: 0x12 | (trouble === 'paperOut' ? 0x6c : 0),
  };
  return Uint8Array.from(questions, question => answers[question] ?? 0x12);
}

const GS = 0x1d;

/** What of ESC/POS a slip is made of: stored pictures (GS 8 L, function 112), letters, cut (GS V). */
function read(bytes: Buffer): PrintedSlip {
  const pictures: number[] = [];
  let text = '';
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === GS && bytes.toString('latin1', at + 1, at + 3) === '8L') {
      // p1 to p4 (length), m, fn, a, bx, by, c, x (2), y (2), then the dots.
      if (bytes[at + 8] === 112) pictures.push(bytes.readUInt16LE(at + 15));
      at += 6 + bytes.readUInt32LE(at + 3);
    } else text += bytes.toString('latin1', at, at + 1);
  }
  return { pictures, text, cut: text.includes('\x1dV') };
}
