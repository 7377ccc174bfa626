/** The process that owns one serial port. Started by serial.ts with the tty's path and its speed in bits per second. */
import { read } from 'node:fs';
import { promisify } from 'node:util';
import { SerialPort } from 'serialport';
import { own } from './host.ts';

/** Bytes taken from the kernel at once; its own buffer holds 4096. */
const READ_BYTES = 4_096;

/** What serialport's bindings open on Linux and macOS. */
type UnixPort = Extract<Awaited<ReturnType<typeof SerialPort.binding.open>>, { readonly poller: unknown }>;

const readFile = promisify(read);

/**
 * Until the tty hangs up. serialport's bindings open the port and set it up, but its stream is not used: when a tty hangs up
 * while the stream is busy reading, its read returns 0 bytes and the stream reads again, forever, without ever telling.
 */
async function readAll(port: UnixPort, input: (bytes: Uint8Array) => void): Promise<never> {
  const buffer = Buffer.alloc(READ_BYTES);
  for (;;) {
    try {
      const { bytesRead } = await readFile(port.fd ?? -1, buffer, 0, buffer.length, null);
      // The port was opened to wait for at least one byte (VMIN 1): no byte means the tty hung up.
      if (bytesRead === 0) throw new Error('the line hung up');
      input(buffer.subarray(0, bytesRead));
    } catch (error) {
      if (!isWouldBlock(error)) throw error;
      await new Promise<void>((resolve, reject) => {
        port.poller.once('readable', failed => (failed ? reject(failed) : resolve()));
      });
    }
  }
}

const isWouldBlock = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['EAGAIN', 'EWOULDBLOCK', 'EINTR'].includes(String(error.code));

const [, , path = '', baud] = process.argv;

await own(async ({ input, lost }) => {
  // hupcl off: dropping DTR at close resets the bridge of some sensors.
  const port = await SerialPort.binding.open({ path, baudRate: Number(baud), hupcl: false, lock: true });
  if (!('poller' in port)) throw new Error('serial ports are supported on Linux and macOS only');
  void readAll(port, input).catch(lost);
  return async (ask, bytes) => {
    if (ask === 'write') await port.write(bytes);
    else if (ask === 'baud') await port.update({ baudRate: bytes.readUInt32BE(0) });
    else throw new Error(`a serial port cannot ${ask}`);
    return undefined;
  };
});
