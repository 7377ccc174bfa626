/** The words of the officer's console, in a file of their own: the applicant's page carries none of them. */
import en from './en.json' with { type: 'json' };
import vi from './vi.json' with { type: 'json' };

/** Languages of the officer's console. */
export type OfficerLanguage = 'vi' | 'en';
export type OfficerMessageKey = keyof typeof en;

/** English names the keys. */
export const officerMessagesOf = (language: OfficerLanguage): Readonly<Record<OfficerMessageKey, string>> =>
  language === 'vi' ? vi : en;
