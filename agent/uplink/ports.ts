import type { UplinkError } from './errors.ts';

/** Time as this room needs it. */
export interface UplinkClock {
  now(): Date;
  monotonicMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Where this room writes what happens; never content of a message. */
export interface UplinkLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** This kiosk as topics and certificates name it. */
export interface KioskName {
  readonly office: string;
  readonly kiosk: string;
}

/** One live connection to a broker. */
export interface BrokerSession {
  readonly protocol: '5' | '3.1.1';
  /** Largest MQTT packet the broker takes, bytes; null when it names none. */
  readonly maximumPacketBytes: number | null;
  /**
   * Publishes with QoS 1; resolves when the broker acknowledged.
   * @throws UplinkError UPLINK_DISCONNECTED, UPLINK_REFUSED; the signal's reason when aborted
   */
  publish(
    topic: string,
    payload: string | Uint8Array,
    options: { retain: boolean; signal: AbortSignal },
  ): Promise<void>;
  /** Resolves, never rejects, with why the connection ended; null when this side ended it. */
  readonly closed: Promise<UplinkError | null>;
  /** Says goodbye, so that the broker keeps the last will to itself. */
  end(): Promise<void>;
}

/** What a connection is made with. */
export interface DialRequest {
  readonly clientId: string;
  readonly will: { readonly topic: string; readonly payload: string };
  /** Topics to listen to, without wildcards. */
  readonly subscriptions: readonly string[];
  onMessage(topic: string, payload: Uint8Array): void;
  readonly signal: AbortSignal;
}

/**
 * Makes one connection with a fresh client, subscribed to its topics.
 * @throws UplinkError
 */
export type Dial = (request: DialRequest) => Promise<BrokerSession>;
