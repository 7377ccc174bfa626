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
  | { readonly kind: 'advice'; readonly reason: Advice };

/** Without the finger that was asked for, or with fingers that cannot be told apart, there are no prints. */
export function printsOf(capture: FingerCapture, asked: FingerPosition): Prints {
  switch (capture.kind) {
    case 'advice':
      return capture;
    case 'image':
      return ordered([{ position: asked, image: capture.image }], asked, true, false);
    case 'fingers':
      return ordered(capture.prints, asked, false, false);
    case 'slap': {
      const { image, positions, slap } = capture;
      const { fingers, hand } = segmentSlap(image, positions.length);
      if (fingers.length !== positions.length) return { kind: 'advice', reason: 'place_finger' };
      const prints = fingers.map((finger, at) => ({ position: positions[at]!, image: finger.image }));
      return ordered(prints, asked, true, hand !== null && slap !== `${hand}_four`);
    }
  }
}

function ordered(
  prints: readonly Print[],
  asked: FingerPosition,
  oneGlass: boolean,
  otherHand: boolean,
): Prints {
  const own = prints.find(({ position }) => position === asked);
  if (own === undefined) return { kind: 'advice', reason: 'place_finger' };
  const others = prints.filter(print => print !== own);
  return { kind: 'prints', prints: [...others, own], oneGlass, otherHand };
}
