/**
 * JSON in the one form that can be hashed and signed (RFC 8785, JCS): members sorted by UTF-16 code units, no white
 * space, numbers and strings as ECMAScript writes them.
 *
 * @throws TypeError for what JSON cannot say: undefined, functions, NaN, infinities, lone surrogates, dates
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number without end has no canonical form');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${quote(key)}:${canonicalJson(member)}`).join(',')}}`;
  }
  throw new TypeError(`a value of type ${typeof value} has no canonical form`);
}

/** RFC 8785 section 3.2.2.2: JSON.stringify's escapes are the canonical ones, save that lone surrogates are an error. */
function quote(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a string with a lone surrogate has no canonical form');
  return JSON.stringify(text);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
