import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { Advice, DocumentProblem, RefusalReason } from '../../agent/contract/screen.ts';
import { consentText } from '../../agent/screen/consent.ts';
import { MESSAGES, messagesOf, OFFERED_LANGUAGES } from '../../agent/screen/messages/index.ts';

const languages = Object.entries(MESSAGES);

describe('the words of the screen', () => {
  it('exist in every language, none empty', () => {
    const keys = Object.keys(MESSAGES.en).sort();
    for (const [language, messages] of languages) {
      expect(Object.keys(messages).sort(), language).toEqual(keys);
      for (const [key, text] of Object.entries(messages))
        expect(text.trim(), `${language} ${key}`).not.toBe('');
    }
  });

  it('are texts that can be formatted, with the same values in every language', () => {
    const valuesOf = (text: string): string[] => [...new Set(text.match(/\{\s*\w+/g) ?? [])].sort();
    for (const [language, messages] of languages) {
      for (const [key, text] of Object.entries(messages)) {
        expect(() => new IntlMessageFormat(text, language), `${language} ${key}`).not.toThrow();
        const english = MESSAGES.en[key as keyof typeof MESSAGES.en];
        expect(valuesOf(text), `${language} ${key}`).toEqual(valuesOf(english));
      }
    }
  });

  it('have a sentence for every advice, problem and refusal', () => {
    for (const word of Advice.options) expect(MESSAGES.en).toHaveProperty([`advice.${word}`]);
    for (const word of DocumentProblem.shape.reason.options)
      expect(MESSAGES.en).toHaveProperty([`document.${word}`]);
    for (const word of RefusalReason.options) expect(MESSAGES.en).toHaveProperty([`refused.${word}`]);
  });

  it('fall back to Vietnamese for a language that is not offered', () => {
    expect(messagesOf('ko')).toBe(MESSAGES.vi);
    expect(OFFERED_LANGUAGES).toContain('vi');
  });
});

describe('the consent', () => {
  it('is another text, with another hash, in each language', () => {
    const texts = OFFERED_LANGUAGES.map(consentText);
    expect(new Set(texts.map(({ textSha256 }) => textSha256)).size).toBe(texts.length);
    for (const { textSha256, textVersion } of texts) {
      expect(textSha256).toMatch(/^[0-9a-f]{64}$/);
      expect(textVersion).not.toBe('');
    }
  });
});
