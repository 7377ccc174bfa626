/** Keys on the screen: a kiosk has no others. */

import type { Say } from '../text.ts';
import { Icon } from './icons.tsx';

interface Props {
  readonly say: Say;
  onKey(text: string): void;
  onDelete(): void;
}

const DIGITS = [['1', '2', '3'], ['4', '5', '6'], ['7', '8', '9'], ['0']];
const LETTERS = [
  [...'1234567890'],
  [...'qwertyuiop'],
  [...'asdfghjkl'],
  [...'zxcvbnm', '_', '-'],
  ['@', '.', '@gmail.com', '.com'],
];

export const DigitPad = (props: Props) => <Pad {...props} rows={DIGITS} kind="digits" />;
export const LetterPad = (props: Props) => <Pad {...props} rows={LETTERS} kind="letters" />;

function Pad({ say, onKey, onDelete, rows, kind }: Props & { rows: string[][]; kind: 'digits' | 'letters' }) {
  return (
    <div class={`pad ${kind}`}>
      {rows.map((keys, index) => (
        <div class="keys" key={keys[0]}>
          {index === rows.length - 1 && kind === 'digits' && <span class="gap" />}
          {keys.map(text => (
            <button
              key={text}
              type="button"
              class={text.length > 1 ? 'key wide' : 'key'}
              onClick={() => onKey(text)}
            >
              {text}
            </button>
          ))}
          {index === rows.length - 1 && (
            <button type="button" class="key delete" aria-label={say('pad.delete')} onClick={onDelete}>
              <Icon sign="backspace" />
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
