/**
 * Canonical JSON of RFC 8785: keys sorted by UTF-16 code units, no white space. `JSON.stringify` already writes numbers
 * and strings as that RFC asks (it was made from ECMAScript's rules), but not objects: it puts keys that look like
 * integers first. Properties that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
