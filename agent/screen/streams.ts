/** Endless answers of the screen API: views as server-sent events, the camera preview as multipart JPEG. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Comment lines keep proxies and the browser from thinking the stream dead, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;

interface Views<View> {
  view(): View;
  onView(listener: (view: View) => void): () => void;
}

interface Frames {
  preview(signal: AbortSignal): AsyncIterable<{ readonly jpeg: Uint8Array }>;
}

/** One `view` event now and one on every change, until the page or the agent goes away. */
export function streamViews<View>(reply: FastifyReply, source: Views<View>, closing: AbortSignal): void {
  const { response, ended } = open(reply, 'text/event-stream', closing);
  const send = (view: View) => response.write(`event: view\ndata: ${JSON.stringify(view)}\n\n`);
  const stop = source.onView(send);
  const keepAlive = setInterval(() => response.write(':\n\n'), KEEP_ALIVE_MS);
  ended.addEventListener('abort', () => {
    stop();
    clearInterval(keepAlive);
    response.end();
  });
  send(source.view());
}

const BOUNDARY = 'frame';

/** Frames as they come; one that finds the socket still full is left out, so a slow page never sees an old picture late. */
export async function streamFrames(reply: FastifyReply, source: Frames, closing: AbortSignal): Promise<void> {
  const { response, ended } = open(reply, `multipart/x-mixed-replace; boundary=${BOUNDARY}`, closing);
  try {
    response.write(`--${BOUNDARY}\r\n`);
    for await (const { jpeg } of source.preview(ended)) {
      if (response.writableNeedDrain) continue;
      response.cork();
      response.write(`content-type: image/jpeg\r\ncontent-length: ${jpeg.length}\r\n\r\n`);
      response.write(jpeg);
      // The boundary follows at once: browsers show a part only when they have seen the next one begin.
      response.write(`\r\n--${BOUNDARY}\r\n`);
      response.uncork();
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  } finally {
    response.end();
  }
}

function open(
  reply: FastifyReply,
  type: string,
  closing: AbortSignal,
): { response: ServerResponse; ended: AbortSignal } {
  const gone = new AbortController();
  reply.hijack();
  const response = reply.raw;
  response.on('close', () => gone.abort());
  response.on('error', () => gone.abort());
  const headers = { ...reply.getHeaders(), 'content-type': type, connection: 'keep-alive' };
  response.writeHead(200, headers as Record<string, string>);
  response.flushHeaders();
  return { response, ended: AbortSignal.any([gone.signal, closing]) };
}
