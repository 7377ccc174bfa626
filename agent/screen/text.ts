import { IntlMessageFormat } from 'intl-messageformat';
import type { Language } from '../contract/common.ts';
import { type MessageKey, messagesOf } from './messages/index.ts';

/** Speaks one language. */
export type Say = (key: MessageKey, values?: Record<string, string | number>) => string;

/** Speaks a language: message keys in, words out. */
export const speaker = (language: Language): Say => speakerOf(messagesOf(language), language);

/** Speaks from a list of messages. */
export function speakerOf<Key extends string>(
  messages: Readonly<Record<Key, string>>,
  language: Language,
): (key: Key, values?: Record<string, string | number>) => string {
  const formats = new Map<Key, IntlMessageFormat>();
  return (key, values) => {
    const format = formats.get(key) ?? new IntlMessageFormat(messages[key], language);
    formats.set(key, format);
    return String(format.format(values));
  };
}

/** A field of a zone in words where there are some, else its name in the zone. */
export const fieldName = (say: Say, language: Language, field: string): string =>
  `field.${field}` in messagesOf(language) ? say(`field.${field}` as MessageKey) : field;

/** A calendar date in words; `full` names the day of the week too. */
export const dateText = (language: Language, date: string, dateStyle: 'full' | 'long' = 'full'): string =>
  new Intl.DateTimeFormat(language, { dateStyle, timeZone: 'UTC' }).format(new Date(`${date}T00:00:00Z`));
