import { readFileSync } from 'node:fs';
import { connect, type MqttClient } from 'mqtt';
import type { TlsFiles } from './broker.ts';

/** How a simulated service reaches the broker. */
export interface BrokerAccess {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  /** For `mqtts`: trusted authority and own client certificate. */
  readonly tls?: TlsFiles;
  /** Protocol version; 3.1.1 unless told, which every broker speaks. */
  readonly protocol?: '3.1.1' | '5';
}

/** A simulated service tries again so soon after a lost connection, milliseconds: tests restart brokers. */
const RECONNECT_MS = 200;
/** How long a start waits for the first connection, milliseconds. */
const CONNECT_DEADLINE_MS = 15_000;
/** How long a goodbye may take before the connection is cut, milliseconds. */
const GOODBYE_MS = 2_000;

/** Connects and keeps reconnecting until ended. @throws when there is no connection within the deadline. */
export async function connectClient(
  access: BrokerAccess,
  clientId: string,
  signal?: AbortSignal,
): Promise<MqttClient> {
  const { tls } = access;
  const client = connect(access.url, {
    clientId,
    clean: true,
    protocolVersion: access.protocol === '5' ? 5 : 4,
    reconnectPeriod: RECONNECT_MS,
    ...(tls && { ca: readFileSync(tls.ca), cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }),
  });
  let lastFault: unknown;
  // Connection errors are answered by the next attempt; without a listener they would end the process.
  client.on('error', error => {
    lastFault = error;
  });
  const deadline = AbortSignal.timeout(CONNECT_DEADLINE_MS);
  const stop = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  try {
    await new Promise<void>((resolve, reject) => {
      const give = (): void =>
        reject(new Error(`no connection to ${access.url}`, { cause: lastFault ?? stop.reason }));
      if (stop.aborted) return give();
      stop.addEventListener('abort', give, { once: true });
      client.once('connect', () => {
        stop.removeEventListener('abort', give);
        resolve();
      });
    });
  } catch (error) {
    client.end(true);
    throw error;
  }
  return client;
}

/** Ends a connection: what is in flight gets a moment, then the socket is cut. */
export async function disconnectClient(client: MqttClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>(resolve => {
    timer = setTimeout(() => resolve('late'), GOODBYE_MS);
  });
  const ended = await Promise.race([client.endAsync(!client.connected), late]);
  clearTimeout(timer);
  // A second `end` would be ignored: only the socket itself can still be cut.
  if (ended === 'late') client.stream.destroy();
}
