/**
 * Canonical JSON of RFC 8785: keys sorted by UTF-16 code units, no white space. `JSON.stringify` already writes numbers
 * and strings as that RFC asks (it was made from ECMAScript's rules). Undefined properties are left out.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const source = value as Record<string, unknown>;
  // Entries, not assignment: a key `__proto__` must stay a key.
  return Object.fromEntries(
    Object.keys(source)
      .sort((a, b) => (a < b ? -1 : 1))
      .map(key => [key, sorted(source[key])]),
  );
}
