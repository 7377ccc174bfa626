/** What one capture shows, by finger: of a sensor for one finger, of a device that parts a slap, or of a slap parted here. */
import type { FingerCapture, GrayImage } from '../../drivers/device.ts';
import { segmentSlap } from '../../models/index.ts';
import type { FingerPosition } from '../contract/common.ts';
import type { Advice } from '../contract/screen.ts';

interface Print {
  readonly position: FingerPosition;
  readonly image: GrayImage;
}

export type Prints =
  | {
      readonly kind: 'prints';
      /** The finger that was asked for comes last: with it the session goes on to the next. */
      readonly prints: readonly Print[];
      /** All seen in one image: no finger can be among them twice. */
      readonly oneGlass: boolean;
      /** Their lengths look like those of the other hand. */
      readonly otherHand: boolean;
    }
  /** Fingers, but not the one that was asked for, or not to be told apart. */
  | { readonly kind: 'unparted'; readonly image: GrayImage }
  /** Nothing lay there. */
  | { readonly kind: 'advice'; readonly reason: Advice };

const NOTHING = { kind: 'advice', reason: 'place_finger' } as const;

export function printsOf(capture: FingerCapture, asked: FingerPosition): Prints {
  switch (capture.kind) {
    case 'advice':
      return capture;
    case 'image':
      return ordered([{ position: asked, image: capture.image }], asked, capture.image, true, false);
    case 'fingers': {
      const [first] = capture.prints;
      return first ? ordered(capture.prints, asked, first.image, false, false) : NOTHING;
    }
    case 'slap': {
      const { image, positions, slap } = capture;
      const { fingers, hand } = segmentSlap(image, positions.length);
      if (fingers.length === 0) return NOTHING;
      if (fingers.length !== positions.length) return { kind: 'unparted', image };
      const prints = fingers.map((finger, at) => ({ position: positions[at]!, image: finger.image }));
      return ordered(prints, asked, image, true, hand !== null && slap !== `${hand}_four`);
    }
  }
}

function ordered(
  prints: readonly Print[],
  asked: FingerPosition,
  whole: GrayImage,
  oneGlass: boolean,
  otherHand: boolean,
): Prints {
  const own = prints.find(({ position }) => position === asked);
  if (own === undefined) return { kind: 'unparted', image: whole };
  const others = prints.filter(print => print !== own);
  return { kind: 'prints', prints: [...others, own], oneGlass, otherHand };
}
