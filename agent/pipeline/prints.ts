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
  | { readonly kind: 'prints'; readonly prints: readonly Print[] }
  | { readonly kind: 'advice'; readonly reason: Advice };

/** The finger that was asked for comes last: with it the session goes on to the next. Without it there are no prints. */
export function printsOf(capture: FingerCapture, asked: FingerPosition): Prints {
  switch (capture.kind) {
    case 'advice':
      return capture;
    case 'image':
      return { kind: 'prints', prints: [{ position: asked, image: capture.image }] };
    case 'fingers':
      return ordered(capture.prints, asked);
    case 'slap': {
      const { fingers, hand } = segmentSlap(capture.image, capture.positions.length);
      if (fingers.length !== capture.positions.length) return { kind: 'advice', reason: 'place_finger' };
      if (hand !== null && capture.slap !== `${hand}_four`) return { kind: 'advice', reason: 'wrong_finger' };
      return ordered(
        fingers.map(({ image }, at) => ({ position: capture.positions[at]!, image })),
        asked,
      );
    }
  }
}

function ordered(prints: readonly Print[], asked: FingerPosition): Prints {
  const own = prints.find(({ position }) => position === asked);
  if (own === undefined) return { kind: 'advice', reason: 'place_finger' };
  return { kind: 'prints', prints: [...prints.filter(print => print !== own), own] };
}
