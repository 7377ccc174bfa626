import { CHUNK_HEADER_BYTES, chunksOf } from '../packet/chunk.ts';
import type { Connection } from './connection.ts';
import { UplinkError } from './errors.ts';
import type { BrokerSession } from './ports.ts';

/** Bytes of container in a chunk where the broker sets no lower limit. */
const CHUNK_BYTES = 64 * 1024;
/** Smallest chunk worth sending, bytes; below, a packet of 1.5 MB would be thousands of messages. */
const MIN_CHUNK_BYTES = 1024;
/** What MQTT adds around a payload besides the topic, bytes: fixed header 5, topic length 2, packet id 2, properties 1. */
const MQTT_OVERHEAD_BYTES = 10;

/**
 * Sends a container in chunks, one after the other, each acknowledged before the next: a slow network then never holds
 * more than one chunk of it in memory.
 *
 * @param wanted indices to send; all when absent
 * @throws UplinkError as {@link Connection.publish}, UPLINK_MESSAGE_TOO_LARGE; the signal's reason
 */
export async function sendContainer(
  connection: Connection,
  topic: string,
  message: { readonly id: string; readonly container: Uint8Array; readonly wanted?: readonly number[] },
  signal: AbortSignal,
): Promise<void> {
  const session = connection.session;
  if (session === null) throw new UplinkError('UPLINK_OFFLINE', 'not connected');
  for (const chunk of chunksOf(message.id, message.container, chunkBytes(session, topic), message.wanted)) {
    // Another session may have another limit, and all chunks of a message must agree.
    if (connection.session !== session)
      throw new UplinkError('UPLINK_DISCONNECTED', 'the connection was lost');
    await connection.publish(topic, chunk, { retain: false, signal });
  }
}

/** @throws UplinkError UPLINK_MESSAGE_TOO_LARGE */
function chunkBytes(session: BrokerSession, topic: string): number {
  if (session.maximumPacketBytes === null) return CHUNK_BYTES;
  const room =
    session.maximumPacketBytes - MQTT_OVERHEAD_BYTES - Buffer.byteLength(topic) - CHUNK_HEADER_BYTES;
  if (room < MIN_CHUNK_BYTES)
    throw new UplinkError('UPLINK_MESSAGE_TOO_LARGE', 'the broker takes no message of useful size');
  return Math.min(CHUNK_BYTES, room);
}
