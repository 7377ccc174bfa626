import { CHUNK_HEADER_BYTES, chunksOf } from '../packet/chunk.ts';
import type { Connection } from './connection.ts';
import { UplinkError } from './errors.ts';
import type { BrokerSession } from './ports.ts';

/** Bytes of container in a chunk where the broker sets no lower limit. */
const CHUNK_BYTES = 64 * 1024;
/** Smallest chunk worth sending, bytes; below, the headers would be most of what is sent. */
const MIN_CHUNK_BYTES = 256;
/** What MQTT adds around a payload besides the topic, bytes: fixed header 5, topic length 2, packet id 2, properties 1. */
const MQTT_OVERHEAD_BYTES = 10;

/** How far containers came before their connection broke, so that the next one goes on from there. */
export class Progress {
  readonly #next = new Map<string, { readonly chunkBytes: number; readonly index: number }>();

  /** First chunk that no broker acknowledged; 0 when chunks have another size now. */
  from(id: string, chunkBytes: number): number {
    const known = this.#next.get(id);
    return known?.chunkBytes === chunkBytes ? known.index : 0;
  }

  acknowledged(id: string, chunkBytes: number, index: number): void {
    this.#next.set(id, { chunkBytes, index: index + 1 });
  }

  forget(id: string): void {
    this.#next.delete(id);
  }
}

/**
 * Sends a container in chunks, one after the other, each acknowledged before the next: a slow network then never holds
 * more than one chunk of it in memory.
 *
 * @param message.wanted indices to send; all when absent
 * @param message.progress where to go on, and where how far it came is noted; a broker that died may have lost what it
 * acknowledged, so a receiver asks for what it misses
 * @throws UplinkError as {@link Connection.publish}, UPLINK_MESSAGE_TOO_LARGE; the signal's reason
 */
export async function sendContainer(
  connection: Connection,
  topic: string,
  message: {
    readonly id: string;
    readonly container: Uint8Array;
    readonly wanted?: readonly number[];
    readonly progress?: Progress;
  },
  signal: AbortSignal,
): Promise<void> {
  const { id, container, wanted, progress } = message;
  const session = connection.session;
  if (session === null) throw new UplinkError('UPLINK_OFFLINE', 'not connected');
  const size = chunkBytes(session, topic);
  let index = wanted === undefined ? (progress?.from(id, size) ?? 0) : 0;
  const count = Math.ceil(container.length / size);
  const indices = wanted ?? Array.from({ length: count - index }, (_, behind) => index + behind);
  for (const chunk of chunksOf(id, container, size, indices)) {
    // Another session may have another limit, and all chunks of a message must agree.
    if (connection.session !== session)
      throw new UplinkError('UPLINK_DISCONNECTED', 'the connection was lost');
    await connection.publish(topic, chunk, { retain: false, signal });
    if (wanted === undefined) progress?.acknowledged(id, size, index);
    index += 1;
  }
  progress?.forget(id);
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
