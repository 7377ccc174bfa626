/** The consent as it is shown and recorded: text, version, and the hash that binds the record to the very words shown. */
import { createHash } from 'node:crypto';
import type { Language } from '../contract/common.ts';
import { messagesOf } from './messages/index.ts';

/** Changes with every change of the words, in any language. */
const CONSENT_TEXT_VERSION = '2026-11-1';

export interface ConsentText {
  readonly text: string;
  readonly textVersion: string;
  /** SHA-256 of the text's UTF-8 bytes, lower-case hex. */
  readonly textSha256: string;
}

export function consentText(language: Language): ConsentText {
  const text = messagesOf(language)['consent.text'];
  return {
    text,
    textVersion: CONSENT_TEXT_VERSION,
    textSha256: createHash('sha256').update(text).digest('hex'),
  };
}
