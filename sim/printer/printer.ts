/** A receipt printer on a TCP port, as network printers have it: takes ESC/POS and keeps what would be on paper. */
import { once } from 'node:events';
import { createServer } from 'node:net';

export interface SimulatedPrinter extends AsyncDisposable {
  readonly port: number;
  /** Every job taken so far, whole. */
  readonly jobs: readonly PrintedSlip[];
  /** Resolves with the next job that is cut off the roll. */
  next(): Promise<PrintedSlip>;
}

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
    socket.on('data', chunk => chunks.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => {
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
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    jobs,
    next: () => waiting.promise,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
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
