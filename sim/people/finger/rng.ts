/** Seeded randomness: the same parts of a key give the same stream on every machine (integer arithmetic and V8's own libm). */
export interface Rng {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  between(low: number, high: number): number;
  /** Integer in [0, count). */
  integer(count: number): number;
  normal(mean?: number, sd?: number): number;
  beta(a: number, b: number): number;
  poisson(mean: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** Two 32-bit words from a text (cyrb53's mixing, B. Fisher's public-domain MurmurHash derivative by bryc). */
function hashWords(text: string): readonly [number, number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return [a >>> 0, b >>> 0];
}

/** A 32-bit seed from the parts of a key, so that a person's fingers and impressions draw from unrelated streams. */
export const seedOf = (...parts: readonly (string | number)[]): number => hashWords(parts.join('/'))[0];

/** splitmix32: spreads two words over the four of the generator's state. */
function* spread(word: number): Generator<number, never> {
  let state = word;
  for (;;) {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    yield (z ^ (z >>> 15)) >>> 0;
  }
}

/** xoshiro128** (Blackman and Vigna 2018) with the few distributions the generator draws from. */
export function createRng(...key: readonly (string | number)[]): Rng {
  const [low, high] = hashWords(key.join('/'));
  const fromLow = spread(low);
  const fromHigh = spread(high ^ 0x5bd1e995);
  let a = fromLow.next().value;
  let b = fromHigh.next().value;
  let c = fromLow.next().value;
  // One bit set for certain: the all-zero state is the generator's only fixed point.
  let d = fromHigh.next().value | 1;

  const uniform = (): number => {
    const times5 = Math.imul(b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return (result >>> 0) / 4294967296;
  };
  const normal = (mean = 0, sd = 1): number =>
    mean + sd * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  /** Marsaglia and Tsang 2000; shapes of 1 or more, which is all that is drawn here. */
  const gamma = (shape: number): number => {
    const scale = shape - 1 / 3;
    for (;;) {
      const x = normal();
      const v = (1 + x / Math.sqrt(9 * scale)) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + scale - scale * v + scale * Math.log(v))
        return scale * v;
    }
  };
  const integer = (count: number): number => Math.floor(uniform() * count);
  return {
    uniform,
    normal,
    integer,
    between: (from, to) => from + (to - from) * uniform(),
    beta: (p, q) => {
      const first = gamma(p);
      return first / (first + gamma(q));
    },
    poisson: mean => {
      const floor = Math.exp(-mean);
      let product = uniform();
      let count = 0;
      for (; product > floor; count++) product *= uniform();
      return count;
    },
    chance: probability => uniform() < probability,
    pick: items => items[integer(items.length)]!,
  };
}
