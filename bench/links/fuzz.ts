/** Damaged frames for decoders: what comes out has to be what an undamaged frame would have been, or nothing. */

/** One decoder with what tells whether it was right. */
export interface FuzzTarget {
  readonly name: string;
  /** Undamaged frames that the damaged ones are made of. */
  readonly frames: readonly Uint8Array[];
  /** A decoder that has seen nothing yet. */
  start(): FuzzedDecoder;
}

/** Takes bytes; says how many frames it accepted. @throws when it accepts what is none */
export type FuzzedDecoder = (bytes: Uint8Array) => number;

export interface FuzzOutcome {
  readonly frames: number;
  readonly accepted: number;
  /** Most processor time that one frame took, in milliseconds. */
  readonly worstMs: number;
}

/** A decoder that waits for the rest of a frame is begun anew so often: else one lie about a length would eat all. */
const FRAMES_PER_DECODER = 50;

/** @throws what the decoder throws: a crash, or a frame that it should not have accepted */
export function fuzz(target: FuzzTarget, frames: number, seed: number): FuzzOutcome {
  const random = randomOf(seed);
  let decode = target.start();
  let accepted = 0;
  let worstMs = 0;
  for (let i = 0; i < frames; i += 1) {
    if (i % FRAMES_PER_DECODER === 0) decode = target.start();
    const bytes = damaged(target.frames, random);
    const before = process.threadCpuUsage();
    accepted += decode(bytes);
    const { user, system } = process.threadCpuUsage(before);
    worstMs = Math.max(worstMs, (user + system) / 1000);
  }
  return { frames, accepted, worstMs };
}

/** Integers below a limit. */
type Random = (below: number) => number;

/** xorshift32 (Marsaglia 2003): the same frames for the same seed. */
function randomOf(seed: number): Random {
  let state = seed | 1;
  return below => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const MAX_NOISE_BYTES = 48;

function damaged(frames: readonly Uint8Array[], random: Random): Uint8Array {
  const frame = Buffer.from(frames[random(frames.length)]!);
  const at = random(frame.length);
  const noise = () => Buffer.from(Array.from({ length: random(MAX_NOISE_BYTES) }, () => random(256)));
  switch (random(9)) {
    case 0:
      return frame;
    case 1:
      frame[at]! ^= 1 << random(8);
      return frame;
    case 2:
      frame[at] = random(256);
      return frame;
    case 3: // cut short
      return frame.subarray(0, at);
    case 4: // the beginning is missing
      return frame.subarray(at);
    case 5: // bytes are missing in the middle
      return Buffer.concat([frame.subarray(0, at), frame.subarray(at + random(16))]);
    case 6: // bytes are inserted
      return Buffer.concat([frame.subarray(0, at), noise(), frame.subarray(at)]);
    case 7: // another frame begins before the end
      return Buffer.concat([frame.subarray(0, at), frames[random(frames.length)]!]);
    default:
      return noise();
  }
}
