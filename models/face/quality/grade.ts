import type { Detection } from '../detect.ts';
import type { DecodedFrame } from '../image/decode.ts';
import type { Pyramid } from '../image/pyramid.ts';
import type { Face, FaceQuality } from '../types.ts';

/** The face being graded, in pixels of the analysed image. */
export interface Subject {
  readonly face: Face;
  readonly pyramid: Pyramid;
}

export function gradePortrait(
  _frame: DecodedFrame,
  _detections: readonly Detection[],
  _subject?: Subject,
): FaceQuality {
  return { score: 0, components: {}, advice: [] };
}
