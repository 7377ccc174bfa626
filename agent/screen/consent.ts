/** The consent as it is shown and recorded: text, version, and the hash that binds the record to the very words shown. */
import { createHash } from 'node:crypto';
import type { Identified } from '../session/visit.ts';
import { type MessageKey, messagesOf } from './messages/index.ts';

/** Changes with every change of the words, in any language. */
const CONSENT_TEXT_VERSION = '2026-11-2';

export interface ConsentText {
  readonly text: string;
  readonly textVersion: string;
  /** SHA-256 of the text's UTF-8 bytes, lower-case hex. */
  readonly textSha256: string;
}

/** Another text where somebody acts for the applicant, and where an existing account is the matter. */
const textKey = ({ purpose, representative }: ConsentMatter): MessageKey =>
  purpose !== 'register_level_2'
    ? 'consent.text.account'
    : representative
      ? 'consent.text.represented'
      : 'consent.text';

type ConsentMatter = Pick<Identified, 'language' | 'purpose' | 'representative'>;

export function consentText(matter: ConsentMatter): ConsentText {
  const text = messagesOf(matter.language)[textKey(matter)];
  return {
    text,
    textVersion: CONSENT_TEXT_VERSION,
    textSha256: createHash('sha256').update(text).digest('hex'),
  };
}
