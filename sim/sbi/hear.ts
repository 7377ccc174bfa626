import type { Socket } from 'node:net';
import { type HttpRequest, readRequest } from './http.ts';

/** Waits for the one request of a connection. What is none is told so; who goes away in between is nobody's loss. */
export function hearRequest(socket: Socket, take: (request: HttpRequest) => Promise<void>): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    const step = readRequest(held);
    if (step.kind === 'need-more') return;
    socket.removeAllListeners('data').resume();
    if (step.kind === 'bad') socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
    else void take(step.request).catch(() => socket.destroy());
  });
}
