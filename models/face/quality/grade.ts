import type { Detection } from '../detect.ts';
import type { DecodedFrame, RgbImage } from '../image/decode.ts';
import type { FaceAdvice, FaceQuality, FaceQualityComponent } from '../types.ts';
import { gradeComponents } from './components.ts';
import { LIMITS } from './limits.ts';
import { measurePortrait, type Subject } from './measures.ts';
import { toScore } from './scale.ts';

type Components = Partial<Record<FaceQualityComponent, number>>;

/** Of the whole frame, 0..1: outside these nothing can be found, whoever stands there. */
const DARK_FRAME = 0.1;
const BRIGHT_FRAME = 0.95;
/** One component at 0 takes the unified score down to this share. */
const LEAST_FACTOR = 0.2;

/** Mean of every 16th pixel's green channel, 0..1. */
function brightness({ pixels }: RgbImage): number {
  let [sum, count] = [0, 0];
  for (let at = 1; at < pixels.length; at += 48) {
    sum += pixels[at]!;
    count++;
  }
  return sum / count / 255;
}

/** A frame in which no face was found: why, as far as the frame tells. */
function gradeEmpty(image: RgbImage): FaceQuality {
  const mean = brightness(image);
  const light: FaceAdvice[] = mean < DARK_FRAME ? ['too_dark'] : mean > BRIGHT_FRAME ? ['too_bright'] : [];
  return { score: 0, components: { singleFacePresent: 0 }, advice: [...light, 'no_face'] };
}

const shortfalls = (components: Components) =>
  [...LIMITS].flatMap(([name, { least, advice }]) => {
    const score = components[name];
    return score !== undefined && score < least ? [{ share: score / least, advice }] : [];
  });

/** The unified score: how much the comparison has to work with, less for every component below its limit. */
function unify(usable: number, components: Components): number {
  const factor = shortfalls(components).reduce(
    (product, { share }) => product * (LEAST_FACTOR + (1 - LEAST_FACTOR) * share),
    1,
  );
  return toScore(usable * factor);
}

/** Grades a frame. `subject` is absent when no face was found. */
export function gradePortrait(
  frame: DecodedFrame,
  detections: readonly Detection[],
  subject?: Subject,
): FaceQuality {
  if (!subject) return gradeEmpty(frame.image);
  const measures = measurePortrait(frame, detections, subject);
  const components = gradeComponents(measures);
  const advice = shortfalls(components).map(({ advice: choose }) => choose(measures));
  return { score: unify(subject.usable, components), components, advice: [...new Set(advice)] };
}
