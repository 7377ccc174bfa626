/** Lines of any of the six languages as outlines: no printer has fonts for all of them. */
import { create, type Font } from 'fontkit';
import type { Language } from '../../contract/common.ts';
import { type PaperFont, paperFonts } from '../fonts.ts';

/** Draws words of one language. */
export interface Typesetter {
  /** Breaks a text into lines no wider than `width`, in units of `size`. */
  lines(text: string, size: number, width: number): readonly string[];
  /** The same line as pieces of one font each, by the names of `paperFonts`. */
  runs(line: string): readonly { readonly font: string; readonly text: string }[];
  /** Letters that none of the fonts has: they would be printed as boxes. */
  missing(text: string): readonly string[];
  /** One line as a path of an SVG whose baseline is y = 0. */
  outline(line: string, size: number): string;
}

interface LoadedFont extends PaperFont {
  readonly font: Font;
}

/** @throws Error when a font package is not whole */
export async function typesetter(language: Language): Promise<Typesetter> {
  const fonts: LoadedFont[] = [];
  for (const paper of paperFonts(language)) {
    const font = create(await paper.read());
    if ('fonts' in font) throw new Error('a collection is no font');
    fonts.push({ ...paper, font });
  }
  const fontOf = (letter: string) =>
    fonts.find(({ font }) => font.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0)) ?? fonts[0];
  const advance = (letter: string, size: number): number => {
    const found = fontOf(letter);
    if (!found) return 0;
    const glyph = found.font.glyphForCodePoint(letter.codePointAt(0) ?? 0);
    return (glyph.advanceWidth * size) / found.font.unitsPerEm;
  };
  const widthOf = (text: string, size: number): number =>
    [...text].reduce((sum, letter) => sum + advance(letter, size), 0);
  return {
    lines: (text, size, width) => wrap(text, part => widthOf(part, size) <= width),
    missing: text =>
      [...text].filter(letter => !fontOf(letter)?.font.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0)),
    runs: line => {
      const runs: { font: string; text: string }[] = [];
      for (const letter of line) {
        const font = fontOf(letter)?.name ?? '';
        const last = runs.at(-1);
        if (last?.font === font) last.text += letter;
        else runs.push({ font, text: letter });
      }
      return runs;
    },
    outline: (line, size) => {
      let x = 0;
      const paths: string[] = [];
      for (const letter of line) {
        const found = fontOf(letter);
        if (found) {
          const scale = size / found.font.unitsPerEm;
          const glyph = found.font.glyphForCodePoint(letter.codePointAt(0) ?? 0);
          // Fonts count upwards, pictures downwards.
          paths.push(glyph.path.scale(scale, -scale).translate(x, 0).toSVG());
        }
        x += advance(letter, size);
      }
      return paths.join('');
    },
  };
}

/** At spaces, and where a language has none before any letter but closing marks. */
function wrap(text: string, fits: (line: string) => boolean): string[] {
  const parts = text.match(BREAKABLE) ?? [];
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    if (line === '' || fits((line + part).trimEnd())) line += part;
    else {
      lines.push(line.trimEnd());
      line = part.trimStart();
    }
  }
  return line.trim() === '' ? lines : [...lines, line.trimEnd()];
}

/** A Han or kana letter with the marks that may not begin a line, or a word with the space after it. */
const BREAKABLE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}][ー、。，．：；？！）」』…]*|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+\s*|\s+/gu;
