import type { MqttClient } from 'mqtt';

/** First levels of every topic: the protocol and its version. */
const ROOT = 'vantay/1';

/** The kiosk end of a topic. */
export interface KioskAddress {
  readonly office: string;
  readonly kiosk: string;
}

export type TopicEnd =
  | 'packet'
  | 'receipt'
  | 'command'
  | 'record/request'
  | 'record/answer'
  | 'record/sync/request'
  | 'record/sync/answer'
  | 'record/sync/notice'
  | 'record/identify/request'
  | 'record/identify/answer';

export const topicOf = (address: KioskAddress, end: TopicEnd): string =>
  `${ROOT}/${address.office}/${address.kiosk}/${end}`;

/** Subscription to one topic of all kiosks, or of those of one office. */
const topicOfAll = (end: TopicEnd, office = '+'): string => `${ROOT}/${office}/+/${end}`;

/** Whose topic it is; null when it is none of ours or an ill-formed name stands in it. */
export function addressOf(topic: string, end: TopicEnd): KioskAddress | null {
  const match = /^vantay\/1\/([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9-]{0,62})\/(.+)$/.exec(topic);
  return match !== null && match[3] === end ? { office: match[1]!, kiosk: match[2]! } : null;
}

/** Subscribes with QoS 1. @throws when the broker refuses. */
export async function subscribeAll(client: MqttClient, end: TopicEnd, office?: string): Promise<void> {
  const topic = topicOfAll(end, office);
  const grants = await client.subscribeAsync(topic, { qos: 1 });
  // 0x80 and above is a refusal (MQTT 3.1.1 section 3.9.3, MQTT 5 section 3.9.3).
  if (grants.some(grant => grant.qos >= 0x80)) throw new Error(`the broker refused ${topic}`);
}
