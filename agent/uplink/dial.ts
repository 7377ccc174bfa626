import { readFile } from 'node:fs/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { abortable } from './deadline.ts';
import { UplinkError } from './errors.ts';
import type { BrokerSession, Dial, DialRequest } from './ports.ts';
import { Turns } from './turns.ts';

/** `mqtt` of the configuration. */
export interface MqttSettings {
  /** mqtt:// or mqtts:// */
  readonly url: string;
  /** auto tries MQTT 5 first and falls back to 3.1.1 when the broker does not know it. */
  readonly protocol: 'auto' | '5' | '3.1.1';
  readonly keepaliveSeconds: number;
  /** PEM files; the broker's certificate is held to the CA file alone when it is given. */
  readonly caFile?: string | undefined;
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** Longest a broker may take to accept a connection, milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
/**
 * Messages that may wait for their acknowledgement where the broker names no limit: mosquitto's own
 * `max_inflight_messages`, beyond which it would only queue.
 */
const IN_FLIGHT = 20;
/** MQTT 5 reason "session taken over" (OASIS MQTT 5.0, table 3.13). */
const TAKEN_OVER = 0x8e;
/** Refusals of the version: MQTT 3.1.1 return code 1 (table 3.1), MQTT 5 reason 0x84 (table 3.1). */
const UNACCEPTABLE_VERSIONS: readonly number[] = [1, 0x84];

/** Connects through the `mqtt` package, a fresh client each time: it brings its own session and nothing of an old one. */
export function mqttDial(settings: MqttSettings): Dial {
  // What the broker was last found to speak; asked again when that stops working.
  let fallback = false;
  return async request => {
    if (settings.protocol !== 'auto') return connect(settings, settings.protocol, request);
    const first = fallback ? '3.1.1' : '5';
    try {
      return await connect(settings, first, request);
    } catch (error) {
      if (!(error instanceof UplinkError) || error.code !== 'UPLINK_PROTOCOL_VERSION') throw error;
      fallback = !fallback;
      return connect(settings, fallback ? '3.1.1' : '5', request);
    }
  };
}

async function connect(
  settings: MqttSettings,
  protocol: '5' | '3.1.1',
  request: DialRequest,
): Promise<BrokerSession> {
  const files = await readCredentials(settings);
  const { will } = request;
  const client = make(settings.url, {
    ...files,
    protocolVersion: protocol === '5' ? 5 : 4,
    clientId: request.clientId,
    clean: true,
    // Half of what is configured, and whatever else is sent: a line that died silently is then noticed, left and made
    // anew within one and a half times the configured period. A broker's own period (MQTT 5) comes before ours.
    keepalive: Math.max(1, Math.floor(settings.keepaliveSeconds / 2)),
    reschedulePings: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    rejectUnauthorized: true,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
  });
  const line = track(client);
  client.on('message', (topic, payload) => request.onMessage(topic, payload));
  try {
    const { maximumPacketBytes, receiveMaximum } = await abortable(connected(client), request.signal);
    const turns = new Turns(Math.min(receiveMaximum ?? IN_FLIGHT, IN_FLIGHT));
    if (request.subscriptions.length > 0) {
      const granted = line.acknowledged(settle =>
        client.subscribe([...request.subscriptions], { qos: 1 }, settle),
      );
      await abortable(granted, request.signal);
    }
    return {
      protocol,
      maximumPacketBytes,
      closed: line.closed,
      publish(topic, payload, { retain, signal }) {
        const body =
          typeof payload === 'string'
            ? payload
            : Buffer.from(payload.buffer, payload.byteOffset, payload.length);
        const sent = turns.run(signal, () =>
          line.acknowledged(settle => client.publish(topic, body, { qos: 1, retain }, settle)),
        );
        return abortable(sent, signal);
      },
      end: () => line.end(),
    };
  } catch (error) {
    client.end(true);
    throw error;
  }
}

/** Key and certificate files that hold something else make Node throw here, before any connection. */
function make(url: string, options: IClientOptions): MqttClient {
  try {
    return mqtt.connect(url, options);
  } catch (cause) {
    throw new UplinkError('UPLINK_CREDENTIALS', 'a TLS file holds no key or certificate', { cause });
  }
}

/** Follows one client's life: why it ended, and what it owes an answer. */
interface Line {
  readonly closed: Promise<UplinkError | null>;
  /** Resolves when the broker acknowledged what `act` sent; rejects when it refused, or the connection ended before. */
  acknowledged(act: (settle: (error?: Error | null) => void) => void): Promise<void>;
  end(): Promise<void>;
}

function track(client: MqttClient): Line {
  let reason = disconnected();
  let ended = false;
  let over = false;
  // The package forgets to call back for what was under way when a connection ends for good.
  const owed = new Set<(error: UplinkError) => void>();
  const closing = Promise.withResolvers<UplinkError | null>();
  // The package throws what nobody listens for, at any time in a client's life.
  client.on('error', () => {});
  client.on('disconnect', packet => {
    if (packet.reasonCode === TAKEN_OVER) {
      reason = new UplinkError('UPLINK_TAKEN_OVER', 'another client took this name');
    }
  });
  client.on('close', () => {
    over = true;
    client.end(true);
    for (const fail of [...owed]) fail(reason);
    closing.resolve(ended ? null : reason);
  });
  return {
    closed: closing.promise,
    async acknowledged(act) {
      if (over) throw reason;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      owed.add(reject);
      try {
        act(error => {
          if (!error) resolve();
          else
            reject(
              codeOf(error) === null
                ? reason
                : refused('the broker refuses a message or subscription', error),
            );
        });
        await promise;
      } finally {
        owed.delete(reject);
      }
    },
    async end() {
      ended = true;
      if (!over) await client.endAsync(false);
    },
  };
}

/** What a broker says of itself when it accepts (MQTT 5 section 3.2.2.3); null where it says nothing. */
interface BrokerLimits {
  readonly maximumPacketBytes: number | null;
  /** Messages of QoS 1 that may wait for their acknowledgement. */
  readonly receiveMaximum: number | null;
}

/** Resolves once the broker accepted, or rejects with why it did not. */
function connected(client: MqttClient): Promise<BrokerLimits> {
  return new Promise((resolve, reject) => {
    client.once('connect', ({ properties }) =>
      resolve({
        maximumPacketBytes: properties?.maximumPacketSize ?? null,
        receiveMaximum: properties?.receiveMaximum ?? null,
      }),
    );
    client.once('error', error => reject(refusal(error)));
    client.once('close', () =>
      reject(new UplinkError('UPLINK_UNREACHABLE', 'the broker closed the connection')),
    );
  });
}

function refusal(error: Error): UplinkError {
  const code = codeOf(error);
  if (code !== null && UNACCEPTABLE_VERSIONS.includes(code)) {
    return new UplinkError('UPLINK_PROTOCOL_VERSION', 'the broker does not speak this version of MQTT', {
      cause: error,
    });
  }
  if (code !== null) return refused(`the broker refuses with code ${code}`, error);
  const name = String((error as { code?: unknown }).code ?? '');
  // OpenSSL and Node name every failure of a TLS handshake with one of these.
  const tls = /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/.test(name);
  return new UplinkError(
    tls ? 'UPLINK_TLS' : 'UPLINK_UNREACHABLE',
    `cannot connect: ${name || 'no answer'}`,
    {
      cause: error,
    },
  );
}

/** The broker's own code, if that is what the package reports. */
function codeOf(error: unknown): number | null {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'number' ? code : null;
}

const refused = (what: string, cause: unknown): UplinkError =>
  new UplinkError('UPLINK_REFUSED', what, { cause });

const disconnected = (): UplinkError => new UplinkError('UPLINK_DISCONNECTED', 'the connection was lost');

/** Read anew for each connection, so that exchanged certificates are used without a restart. */
async function readCredentials(settings: MqttSettings): Promise<Pick<IClientOptions, 'ca' | 'cert' | 'key'>> {
  const read = async (path: string | undefined) => (path === undefined ? undefined : await readFile(path));
  try {
    const [ca, cert, key] = await Promise.all([
      read(settings.caFile),
      read(settings.certificateFile),
      read(settings.keyFile),
    ]);
    return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  } catch (cause) {
    throw new UplinkError('UPLINK_CREDENTIALS', 'a TLS file cannot be read', { cause });
  }
}
