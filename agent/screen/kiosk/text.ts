import { IntlMessageFormat } from 'intl-messageformat';
import type { Language } from '../../contract/common.ts';
import { type MessageKey, messagesOf } from '../messages/index.ts';

export type Say = (key: MessageKey, values?: Record<string, string | number>) => string;

/** Speaks a language: message keys in, words out. */
export function speaker(language: Language): Say {
  const messages = messagesOf(language);
  return (key, values) => String(new IntlMessageFormat(messages[key], language).format(values));
}

/** A field of a zone in words where there are some, else its name in the zone. */
export const fieldName = (say: Say, language: Language, field: string): string =>
  `field.${field}` in messagesOf(language) ? say(`field.${field}` as MessageKey) : field;

/** A calendar date in the language's long form. */
export const dateText = (language: Language, date: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'full', timeZone: 'UTC' }).format(
    new Date(`${date}T00:00:00Z`),
  );
