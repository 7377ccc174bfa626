/** Whether text is base64url as every writer makes it: no padding, unused bits zero. Anything else has a second reading. */
export const isStrictBase64url = (text: string): boolean =>
  Buffer.from(text, 'base64url').toString('base64url') === text;
