/** The words of the console, and those that it shares with the applicant's page. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import {
  type OfficerLanguage,
  type OfficerMessageKey,
  officerMessagesOf,
} from '../messages/officer/index.ts';
import { type Say, speaker, speakerOf } from '../text.ts';

export interface Words {
  readonly language: OfficerLanguage;
  readonly tell: (key: OfficerMessageKey, values?: Record<string, string | number>) => string;
  /** As the applicant's page says it. */
  readonly say: Say;
}

export const wordsOf = (language: OfficerLanguage): Words => ({
  language,
  tell: speakerOf(officerMessagesOf(language), language),
  say: speaker(language),
});

export const WordsContext = createContext(wordsOf('vi'));
export const useWords = (): Words => useContext(WordsContext);

/** The sentence for a word of the agent where there is one, else the word itself. */
export function sentence({ language, tell }: Words, group: string, word: string): string {
  const key = `${group}.${word}`;
  return key in officerMessagesOf(language) ? tell(key as OfficerMessageKey) : word;
}

/** Date and time in Vietnam. */
export const timeText = (language: OfficerLanguage, at: string | number): string =>
  new Intl.DateTimeFormat(language, {
    dateStyle: 'short',
    timeStyle: 'medium',
    timeZone: 'Asia/Ho_Chi_Minh',
  }).format(new Date(at));

export const numberText = (language: OfficerLanguage, value: number, digits = 2): string =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
