/** The words of the screen, by language. English names the keys; a language without all of them does not compile. */
import type { Language } from '../../contract/common.ts';
import en from './en.json' with { type: 'json' };
import ja from './ja.json' with { type: 'json' };
import ko from './ko.json' with { type: 'json' };
import ru from './ru.json' with { type: 'json' };
import vi from './vi.json' with { type: 'json' };
import zh from './zh.json' with { type: 'json' };

export type MessageKey = keyof typeof en;
export type Messages = Readonly<Record<MessageKey, string>>;

/** In the order they are offered. */
const MESSAGES: Readonly<Record<Language, Messages>> = { vi, en, zh, ko, ja, ru };

export const OFFERED_LANGUAGES = Object.keys(MESSAGES) as Language[];

export const messagesOf = (language: Language): Messages => MESSAGES[language];
