/** Packets that somebody has meddled with: each is refused, by the backend's library and by a backend on a broker. */
import { judgePacket, type Origin } from '../../backend/judge.ts';
import { SealedError } from '../../backend/sealed/error.ts';
import { loadServiceKeys } from '../../backend/sealed/keys.ts';
import { contractSchema } from '../../backend/sealed/schemas.ts';
import { startBackend } from '../../sim/backend/backend.ts';
import type { BackendLogEntry } from '../../sim/backend/options.ts';
import { startBroker } from '../../sim/broker/broker.ts';
import { connectClient, disconnectClient } from '../../sim/broker/client.ts';
import { topicOf } from '../../sim/broker/topics.ts';
import { createRng } from '../../sim/people/finger/rng.ts';
import { serviceKeys } from '../../sim/pki/use.ts';
import { MUTATIONS, SEQUENCE_WINDOW } from './meddler.ts';
import { chunkOf, Workshop } from './workshop.ts';

export interface MutationResult {
  readonly mutations: number;
  /** Refusals that the two gave, by kind of meddling and code. */
  readonly codes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Meddled packets that were taken, or good ones that were not. */
  readonly wrong: number;
  /** Refusals with a code that does not say what was wrong. */
  readonly miscoded: number;
  /** Untouched packets in between, all of which have to be taken. */
  readonly genuine: number;
  readonly complaints: readonly string[];
}

const OFFICE = 'hanoi';
/** Meddled packets between two untouched ones. */
const GENUINE_EVERY = 50;

/** Meddles so many times, every kind as often. @param folder an empty one */
export async function mutations(
  folder: string,
  count: number,
  seed: string,
  progress: (text: string) => void = () => undefined,
): Promise<MutationResult> {
  await using stack = new AsyncDisposableStack();
  const workshop = await Workshop.open(folder, OFFICE);
  const broker = stack.use(await startBroker());
  const entries: BackendLogEntry[] = [];
  let wake = (): void => undefined;
  const backend = stack.use(
    await startBackend({
      broker: { url: broker.url },
      keys: serviceKeys(folder, 'backend'),
      revoked: [workshop.revoked],
      sequenceWindow: SEQUENCE_WINDOW,
      log: entry => {
        if (entry.event === 'receipt') return;
        entries.push(entry);
        wake();
      },
    }),
  );
  const client = stack.adopt(await connectClient({ url: broker.url }, 'meddler'), disconnectClient);
  const said = async (topic: string, message: Uint8Array): Promise<string> => {
    const heard = new Promise<void>(resolve => {
      wake = resolve;
    });
    await client.publishAsync(topic, Buffer.from(message), { qos: 1 });
    await heard;
    const { event, code } = entries.pop()!;
    return code ?? event;
  };
  const judge = judgeOf(folder, workshop);

  const rng = createRng('mutations', seed);
  const codes: Record<string, Record<string, number>> = Object.fromEntries(
    MUTATIONS.map(({ kind }) => [kind, {}]),
  );
  const complaints: string[] = [];
  let [wrong, miscoded, genuine] = [0, 0, 0];
  for (let number = 0; number < count; number++) {
    if (number % 1000 === 0) progress(`mutations: ${number} of ${count}`);
    if (number % GENUINE_EVERY === 0) {
      const packet = await workshop.make();
      genuine += 1;
      const answer = await said(topicOf(packet, 'packet'), chunkOf(packet));
      if (answer !== 'accepted') {
        wrong += 1;
        complaints.push(`a good packet was refused: ${answer}`);
      }
      workshop.remember(packet);
    }
    const mutation = MUTATIONS[number % MUTATIONS.length]!;
    const meddled = await mutation.make(workshop, rng);
    const before = backend.count();
    const answers = [await said(topicOf(meddled, 'packet'), meddled.message)];
    // What only a memory can tell, or what never becomes a container, is not for the library.
    if (meddled.container !== null) answers.push(await judge(meddled.container, meddled));
    for (const code of answers) {
      const counts = codes[mutation.kind]!;
      counts[code] = (counts[code] ?? 0) + 1;
      if (mutation.codes.some(expected => expected === code)) continue;
      miscoded += 1;
      complaints.push(`${mutation.kind}: ${code}`);
    }
    if (backend.count() !== before) {
      wrong += 1;
      complaints.push(`${mutation.kind}: taken`);
    }
  }
  return { mutations: count, codes, wrong, miscoded, genuine, complaints: complaints.slice(0, 20) };
}

/** The backend's library alone: the code of its refusal, or `accepted`. */
function judgeOf(folder: string, workshop: Workshop) {
  const { root, keys } = loadServiceKeys(serviceKeys(folder, 'backend'));
  const trust = { root, revoked: [workshop.revoked] };
  const schema = contractSchema('packet');
  return async (container: Uint8Array, origin: Origin): Promise<string> => {
    try {
      await judgePacket(container, { keys, trust, schema, at: new Date() }, origin);
      return 'accepted';
    } catch (error) {
      if (error instanceof SealedError) return error.code;
      throw error;
    }
  };
}
