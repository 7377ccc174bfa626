/** Signs that need no language, drawn on a grid of 24 units. */
import type { ScreenView } from '../../contract/screen.ts';

const SIGNS = {
  check: 'M4 13l5 5L20 6',
  cross: 'M6 6l12 12M18 6L6 18',
  warning: 'M12 3L1.5 21h21zM12 10v5M12 18v.2',
  person: 'M12 12a4 4 0 100-8 4 4 0 000 8zM4 21c0-5 3.5-7 8-7s8 2 8 7',
  officer: 'M12 13a4 4 0 100-8 4 4 0 000 8zM7 6c1-3 9-3 10 0M6 6h12M4 22c0-5 3.5-7 8-7s8 2 8 7M12 17v3',
  people:
    'M8 12a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM1 21c0-4.5 3-7 7-7s7 2.5 7 7M16 5a3.5 3.5 0 010 7M18 14c3 .7 5 3.2 5 7',
  down: 'M12 3v17M5 13l7 7 7-7',
  up: 'M12 21V4M5 11l7-7 7 7',
  left: 'M21 12H4M11 5l-7 7 7 7',
  drop: 'M12 3c4 5 6 8 6 11a6 6 0 11-12 0c0-3 2-6 6-11z',
  dropOff: 'M12 3c4 5 6 8 6 11a6 6 0 11-12 0c0-3 2-6 6-11zM3 3l18 18',
  still: 'M9 4v16M15 4v16',
  closer: 'M4 4l6 6M10 5v5H5M20 4l-6 6M14 5v5h5M4 20l6-6M10 19v-5H5M20 20l-6-6M14 19v-5h5',
  back: 'M10 10L4 4M4 9V4h5M14 10l6-6M20 9V4h-5M10 14l-6 6M4 15v5h5M14 14l6 6M20 15v5h-5',
  centre: 'M12 2v6M12 16v6M2 12h6M16 12h6M12 12v.1',
  eye: 'M1.5 12C5 6 8.5 5 12 5s7 1 10.5 7C19 18 15.5 19 12 19S5 18 1.5 12zM12 15a3 3 0 100-6 3 3 0 000 6z',
  mouth: 'M12 22a10 10 0 100-20 10 10 0 000 20zM8 9.5v.2M16 9.5v.2M8 15.5h8',
  dark: 'M20 14A8.5 8.5 0 119.5 4 7 7 0 0020 14z',
  bright:
    'M12 16a4 4 0 100-8 4 4 0 000 8zM12 1v3M12 20v3M1 12h3M20 12h3M4 4l2.2 2.2M17.8 17.8L20 20M20 4l-2.2 2.2M6.2 17.8L4 20',
  uneven: 'M12 22a10 10 0 100-20 10 10 0 000 20zM12 2v20M15 6v12M18 8v8',
  print:
    'M5 20c1.5-3 1.5-5 1.5-8a5.5 5.5 0 0111 0c0 3 0 5-.8 8M9 21c1.2-3 1.2-6 1.2-9a1.8 1.8 0 013.6 0c0 3.5 0 6-1 9M3 15c.5-1.5.5-2 .5-3.5a8.5 8.5 0 0117 0c0 1.5 0 3-.3 4.5',
  again: 'M4 12a8 8 0 108-8H5M9 1L5 4l4 3',
  text: 'M2 19L8 5l6 14M4 14.5h8M15 19l3.5-8 3.5 8M16.2 16.5h4.6',
  contrast: 'M12 22a10 10 0 100-20 10 10 0 000 20zM12 2v20M16 4v16M20 7v10',
  sound: 'M3 9v6h4l6 5V4L7 9zM17 8.5a5 5 0 010 7M20 5.5a9 9 0 010 13',
  lock: 'M5 11h14v10H5zM8 11V7a4 4 0 018 0v4M12 15v3',
  unlock: 'M5 11h14v10H5zM8 11V7a4 4 0 017.7-1.5M12 15v3',
  message: 'M3 4h18v13H10l-5 4v-4H3zM7 9h10M7 13h6',
  printer: 'M6 9V3h12v6M6 17H3V9h18v8h-3M6 14h12v7H6z',
  backspace: 'M9 5h12v14H9l-7-7zM12 9l6 6M18 9l-6 6',
  unplugged: 'M7 3v5M13 3v5M4 8h12v3a6 6 0 01-12 0zM10 17v5M17 17l5 5M22 17l-5 5',
} as const;

export type Sign = keyof typeof SIGNS;

export function Icon({ sign }: { sign: Sign }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SIGNS[sign]} />
    </svg>
  );
}

type AdviceWord = NonNullable<Extract<ScreenView['view'], { step: 'face' }>['advice']>;

/** The sign beside each piece of advice: half of it for those who cannot read the other half. */
export const ADVICE_SIGN: Record<AdviceWord, Sign> = {
  place_finger: 'down',
  lift_finger: 'up',
  finger_moved: 'still',
  press_harder: 'down',
  finger_too_wet: 'dropOff',
  finger_too_dry: 'drop',
  other_finger: 'cross',
  wrong_finger: 'cross',
  no_face: 'person',
  several_faces: 'people',
  come_closer: 'closer',
  move_back: 'back',
  centre_face: 'centre',
  look_straight: 'eye',
  open_eyes: 'eye',
  close_mouth: 'mouth',
  neutral_expression: 'mouth',
  too_dark: 'dark',
  too_bright: 'bright',
  uneven_light: 'uneven',
  hold_still: 'still',
  plain_background: 'people',
  uncover_face: 'person',
  poor_picture: 'warning',
};
