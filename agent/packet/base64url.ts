/** Base64url without padding (RFC 4648 section 5). */
export const toBase64url = (bytes: Uint8Array | string): string =>
  Buffer.from(bytes as Uint8Array).toString('base64url');

/**
 * The bytes behind strict base64url: no padding, no foreign characters, unused bits zero. Node's decoder forgives all
 * three, and a text that can be written in two ways can be altered without anyone noticing.
 *
 * @returns null when the text is not strict base64url
 */
export function fromBase64url(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}
