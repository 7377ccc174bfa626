/**
 * The page's own fonts: Noto Sans from npm, so that no system has to have them. Chinese, Korean and Japanese come in some
 * hundred slices each; the stylesheet names the slices the messages need, and no more of their ranges than that.
 */
import { readFile } from 'node:fs/promises';
import noto from '@fontsource/noto-sans/unicode.json' with { type: 'json' };
import japanese from '@fontsource/noto-sans-jp/unicode.json' with { type: 'json' };
import korean from '@fontsource/noto-sans-kr/unicode.json' with { type: 'json' };
import chinese from '@fontsource/noto-sans-sc/unicode.json' with { type: 'json' };
import type { Language } from '../contract/common.ts';
import { messagesOf } from './messages/index.ts';
import { unwrapFont } from './slip/woff.ts';

/** Words, and what has to stand out. */
const WEIGHTS = [400, 700] as const;

interface Family {
  readonly name: string;
  /** Where the package's files lie. */
  readonly folder: URL;
  readonly file: string;
  /** Subset -> its range, as in CSS. */
  readonly subsets: Readonly<Record<string, string>>;
}

const folderOf = (module: string): URL => new URL('./files/', import.meta.resolve(module));

const LATIN: Family = {
  name: 'Noto Sans',
  folder: folderOf('@fontsource/noto-sans/unicode.json'),
  file: 'noto-sans',
  subsets: noto,
};

const BY_LANGUAGE: Readonly<Partial<Record<Language, Family>>> = {
  zh: {
    name: 'Noto Sans SC',
    folder: folderOf('@fontsource/noto-sans-sc/unicode.json'),
    file: 'noto-sans-sc',
    subsets: chinese,
  },
  ko: {
    name: 'Noto Sans KR',
    folder: folderOf('@fontsource/noto-sans-kr/unicode.json'),
    file: 'noto-sans-kr',
    subsets: korean,
  },
  ja: {
    name: 'Noto Sans JP',
    folder: folderOf('@fontsource/noto-sans-jp/unicode.json'),
    file: 'noto-sans-jp',
    subsets: japanese,
  },
};

/** Scripts of the six languages that the Latin family itself draws. */
const LATIN_SUBSETS = ['latin', 'latin-ext', 'vietnamese', 'cyrillic', 'cyrillic-ext'];

export interface Fonts {
  readonly css: string;
  /** File name -> its bytes, read when asked for. */
  readonly files: ReadonlyMap<string, () => Promise<Uint8Array>>;
}

export function pageFonts(): Fonts {
  const files = new Map<string, () => Promise<Uint8Array>>();
  const rules: string[] = [];
  const add = (family: Family, subset: string, range: string) => {
    for (const weight of WEIGHTS) {
      const file = `${family.file}-${subset.replace(/[[\]]/g, '')}-${weight}-normal.woff2`;
      files.set(file, () => readFile(new URL(file, family.folder)));
      rules.push(
        `@font-face{font-family:"${family.name}";font-weight:${weight};font-display:swap;src:url(/fonts/${file})format("woff2");unicode-range:${range}}`,
      );
    }
  };
  for (const subset of LATIN_SUBSETS) add(LATIN, subset, LATIN.subsets[subset] ?? '');
  for (const [language, family] of Object.entries(BY_LANGUAGE)) {
    for (const [subset, range] of slicesFor(family, lettersOf(language as Language)))
      add(family, subset, range);
  }
  return { css: rules.join('\n'), files };
}

/** Code points a language's pages can show, without those of the Latin family. */
function lettersOf(language: Language): number[] {
  const dates = Array.from({ length: 12 }, (_, month) =>
    new Intl.DateTimeFormat(language, { dateStyle: 'full', timeZone: 'UTC' }).format(
      new Date(Date.UTC(2026, month, month + 1)),
    ),
  );
  const text = [...Object.values(messagesOf(language)), ...dates, OWN_NAMES].join('');
  return [...new Set(text)].map(letter => letter.codePointAt(0) ?? 0).filter(code => code > LAST_LATIN);
}

/** How the languages call themselves. */
const OWN_NAMES = '中文한국어日本語';
/** Up to here the Latin family has everything (General Punctuation). */
const LAST_LATIN = 0x206f;

/** Slices that hold some of the letters, each with exactly those as its range. */
function slicesFor(family: Family, letters: readonly number[]): [string, string][] {
  const found: [string, string][] = [];
  for (const [subset, range] of Object.entries(family.subsets)) {
    if (!subset.startsWith('[')) continue;
    const spans = spansOf(range);
    const within = letters.filter(letter => spans.some(([first, last]) => first <= letter && letter <= last));
    if (within.length > 0) found.push([subset, within.map(code => `U+${code.toString(16)}`).join(',')]);
  }
  return found;
}

/** A range as in CSS ('U+4e00-4e8c,U+3042') as first and last code points. */
const spansOf = (range: string): (readonly [number, number])[] =>
  range.split(',').map(part => {
    const [first = 0, last = first] = part
      .replace('U+', '')
      .split('-')
      .map(hex => Number.parseInt(hex, 16));
    return [first, last] as const;
  });

/** A font file for paper, which has no browser to choose among slices. */
export interface PaperFont {
  readonly name: string;
  /** TrueType. */
  read(): Promise<Buffer>;
}

/** Whole font of a language that is not written in the Latin family's scripts. */
const WHOLE: Readonly<Partial<Record<Language, string>>> = {
  zh: 'chinese-simplified',
  ko: 'korean',
  ja: 'japanese',
};

/** Fonts in which a language's slips are set, the first that has a letter draws it. */
export function paperFonts(language: Language): PaperFont[] {
  const font = (family: Family, subset: string): PaperFont => {
    const file = `${family.file}-${subset}-400-normal.woff`;
    return {
      name: `${family.file}-${subset}`,
      read: async () => unwrapFont(await readFile(new URL(file, family.folder))),
    };
  };
  const [family, whole] = [BY_LANGUAGE[language], WHOLE[language]];
  const latin = LATIN_SUBSETS.map(subset => font(LATIN, subset));
  return family && whole ? [...latin, font(family, whole)] : latin;
}
