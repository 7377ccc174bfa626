import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { Language } from '../../agent/contract/common.ts';
import { OfficerView } from '../../agent/contract/officer.ts';
import { Decision, OfficerOverride } from '../../agent/contract/packet.ts';
import { Advice, DocumentProblem, RefusalReason, ScreenView } from '../../agent/contract/screen.ts';
import { DeviceState } from '../../agent/contract/uplink.ts';
import { ERROR_CATALOGUE } from '../../agent/ops/errors.ts';
import { consentText } from '../../agent/screen/consent.ts';
import { messagesOf, OFFERED_LANGUAGES } from '../../agent/screen/messages/index.ts';
import { officerMessagesOf } from '../../agent/screen/messages/officer/index.ts';
import { passport } from '../fixtures/visit.ts';

/** Two numbers and a stroke: no words. */
const SAME_EVERYWHERE = new Set(['fingers.count']);

const english = messagesOf('en');
const languages = OFFERED_LANGUAGES.map(language => [language, messagesOf(language)] as const);

describe('the words of the screen', () => {
  it('exist in every language, none empty', () => {
    const keys = Object.keys(english).sort();
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
        expect(valuesOf(text), `${language} ${key}`).toEqual(valuesOf(english[key as keyof typeof english]));
      }
    }
  });

  it('have a sentence for every advice, problem and refusal', () => {
    for (const word of Advice.options) expect(english).toHaveProperty([`advice.${word}`]);
    for (const word of DocumentProblem.shape.reason.options)
      expect(english).toHaveProperty([`document.${word}`]);
    for (const word of RefusalReason.options) expect(english).toHaveProperty([`refused.${word}`]);
  });

  it('are written in the script of their language', () => {
    expect([...OFFERED_LANGUAGES].sort()).toEqual([...Language.options].sort());
    const scripts = {
      zh: /\p{Script=Han}/u,
      ko: /\p{Script=Hangul}/u,
      ja: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u,
      ru: /\p{Script=Cyrillic}/u,
    };
    for (const [language, script] of Object.entries(scripts)) {
      for (const [key, text] of Object.entries(messagesOf(language as Language))) {
        if (!SAME_EVERYWHERE.has(key)) expect(text, `${language} ${key}`).toMatch(script);
      }
    }
  });
});

describe('the consent', () => {
  it('is another text, with another hash, in each language and for each matter', () => {
    const own = { representative: null };
    const other = { representative: { ...passport, relation: 'parent' as const } };
    const texts = OFFERED_LANGUAGES.flatMap(language => [
      consentText({ language, purpose: 'register_level_2', ...own }),
      consentText({ language, purpose: 'register_level_2', ...other }),
      consentText({ language, purpose: 'lock', ...own }),
    ]);
    expect(new Set(texts.map(({ textSha256 }) => textSha256)).size).toBe(3 * OFFERED_LANGUAGES.length);
    for (const { text, textSha256, textVersion } of texts) {
      expect(textSha256).toBe(createHash('sha256').update(text).digest('hex'));
      expect(textVersion).not.toBe('');
    }
  });
});

describe("the words of the officer's console", () => {
  const [officerEn, officerVi] = [officerMessagesOf('en'), officerMessagesOf('vi')];

  it('exist in both languages, with the same values, and can be formatted', () => {
    expect(Object.keys(officerVi).sort()).toEqual(Object.keys(officerEn).sort());
    // The cases of a plural are words in braces too, but no values.
    const valuesOf = (text: string): string[] => [...new Set(text.match(/\{\s*\w+\s*[,}]/g) ?? [])].sort();
    for (const [key, text] of Object.entries(officerVi)) {
      expect(() => new IntlMessageFormat(text, 'vi'), key).not.toThrow();
      const english = officerEn[key as keyof typeof officerEn];
      expect(() => new IntlMessageFormat(english, 'en'), key).not.toThrow();
      expect(valuesOf(text), key).toEqual(valuesOf(english));
    }
  });

  it('have a sentence for every step, need, reason and device error', () => {
    const words = {
      step: ScreenView.shape.view.options.map(({ shape }) => shape.step.value),
      need: OfficerView.shape.needs.element.shape.kind.options,
      reason: OfficerOverride.shape.reason.options,
      outcome: Decision.shape.outcome.options,
      modality: Decision.shape.face.shape.outcome.options,
      device: DeviceState.shape.role.options,
      'device.state': DeviceState.shape.state.options,
      remedy: ERROR_CATALOGUE.map(({ code }) => code).filter(code => code.startsWith('DEVICE_')),
    };
    for (const [group, list] of Object.entries(words))
      for (const word of list) expect(officerEn).toHaveProperty([`${group}.${word}`]);
  });

  it('have a sentence for every reason that makes a case', () => {
    const source = readFileSync(new URL('../../agent/records/decide.ts', import.meta.url), 'utf8');
    const reasons = [...source.matchAll(/outcome: '(?:inconclusive|no_match)', reason: '(\w+)'/g)];
    expect(reasons.length).toBeGreaterThanOrEqual(10);
    for (const [, reason] of reasons) expect(officerEn).toHaveProperty([`case.reason.${reason}`]);
  });
});
