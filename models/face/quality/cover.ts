import { type Chip, eachPixel, meanOver } from './chip.ts';
import { regionLab } from './colour.ts';

export interface Cover {
  /** Share of the eye regions much darker than the cheeks: lids, lashes and pupils are a part, dark glasses nearly all. */
  readonly darkEyesShare: number;
  /** Difference in hue and chroma (a*, b*) between the mouth region and the nose, whatever the brightness. */
  readonly mouthColourDistance: number;
}

/** An eye pixel darker than this share of the cheeks' luma counts as dark. */
const DARK_OF_CHEEK = 0.35;

/** Signs of something over the eyes or the mouth, measured against the parts of the face that are rarely covered. */
export function measureCover(chip: Chip): Cover {
  const cheek = (meanOver(chip.luma, 'leftCheek') + meanOver(chip.luma, 'rightCheek')) / 2;
  let [dark, count] = [0, 0];
  for (const eye of ['leftEye', 'rightEye'] as const) {
    eachPixel(eye, index => {
      if (chip.luma[index]! < DARK_OF_CHEEK * cheek) dark++;
      count++;
    });
  }
  const [mouth, nose] = [regionLab(chip, 'mouth'), regionLab(chip, 'nose')];
  return { darkEyesShare: dark / count, mouthColourDistance: Math.hypot(mouth.a - nose.a, mouth.b - nose.b) };
}
