/** The words of the screen, by language. English names the keys; a language without all of them does not compile. */
import type { Language } from '../../contract/common.ts';
import en from './en.json' with { type: 'json' };
import vi from './vi.json' with { type: 'json' };

export type MessageKey = keyof typeof en;
export type Messages = Readonly<Record<MessageKey, string>>;

/** Complete languages, in the order they are offered. */
export const MESSAGES = { vi, en } as const satisfies Partial<Record<Language, Messages>>;

export type OfferedLanguage = keyof typeof MESSAGES;

export const OFFERED_LANGUAGES = Object.keys(MESSAGES) as OfferedLanguage[];

/** The messages of a language; Vietnamese for one that is not offered. */
export const messagesOf = (language: Language): Messages =>
  language in MESSAGES ? MESSAGES[language as OfferedLanguage] : vi;
