import type { Extracted } from './extract.ts';
import { DESCRIPTOR_LENGTH, DESCRIPTOR_SCALE, MAX_MINUTIAE } from './template.ts';
import type { Minutia } from './types.ts';

/**
 * A print that is too poor is looked at again a little smaller and a little larger: other sizes show minutiae that one
 * misses, those that several show come first, and the mean of their descriptors bears more stretch. Chosen on FVC2002 DB1_B,
 * FVC2004 DB1_B and synthetic prints, where leaving out what a single look shows made no difference.
 */
export const MAGNIFICATIONS = [0.94, 1.06] as const;
/** Detections of two looks are one minutia when they lie this near, pixels at 500 ppi, and point the same way. */
const SAME_PX = 6;
const SAME_COSINE = 0.7;

/** What one look at a print found. */
export type Look = Pick<Extracted, 'image' | 'minutiae' | 'descriptors'>;
/** A minutia as one look shows it, in the first look's pixels. */
type Sighting = Minutia & { readonly look: number; readonly descriptor: Int8Array };

/** The minutiae of several looks at one print as one list, strongest first, in pixels of the first look. */
export function joinLooks(looks: readonly [Look, ...Look[]]): Pick<Extracted, 'minutiae' | 'descriptors'> {
  const { width, height } = looks[0].image;
  let left = looks.flatMap((look, at) => sightingsOf(look, at, width, height));
  left.sort((a, b) => b.confidence - a.confidence);
  const joined: { minutia: Minutia; descriptor: Int8Array }[] = [];
  for (let strongest = left[0]; strongest; strongest = left[0]) {
    const seen = strongest;
    const same = left.filter(other => isSame(seen, other));
    left = left.filter(other => !same.includes(other));
    joined.push(meanOf(nearestOfEachLook(seen, same), looks.length));
  }
  joined.sort((a, b) => b.minutia.confidence - a.minutia.confidence);
  const kept = joined.slice(0, MAX_MINUTIAE);
  const descriptors = new Int8Array(kept.length * DESCRIPTOR_LENGTH);
  kept.forEach(({ descriptor }, at) => {
    descriptors.set(descriptor, at * DESCRIPTOR_LENGTH);
  });
  return { minutiae: kept.map(({ minutia }) => minutia), descriptors };
}

/** Pixel centres lie at halves of pixels, so sizes are compared there. */
function sightingsOf({ image, minutiae, descriptors }: Look, look: number, width: number, height: number) {
  const place = (position: number, from: number, to: number): number =>
    Math.min(to - 1, Math.max(0, ((position + 0.5) * to) / from - 0.5));
  return minutiae.map(
    (minutia, at): Sighting => ({
      ...minutia,
      x: place(minutia.x, image.width, width),
      y: place(minutia.y, image.height, height),
      look,
      descriptor: descriptors.subarray(at * DESCRIPTOR_LENGTH, (at + 1) * DESCRIPTOR_LENGTH),
    }),
  );
}

const distance = (a: Minutia, b: Minutia): number => Math.hypot(a.x - b.x, a.y - b.y);
const isSame = (a: Minutia, b: Minutia): boolean =>
  a === b || (distance(a, b) < SAME_PX && Math.cos(a.directionRad - b.directionRad) > SAME_COSINE);

function nearestOfEachLook(to: Sighting, same: readonly Sighting[]): Sighting[] {
  const byLook = Map.groupBy(same, ({ look }) => look);
  return [...byLook.values()].map(found =>
    found.reduce((best, next) => (distance(next, to) < distance(best, to) ? next : best)),
  );
}

/** The mean of what the looks show, weighted by their confidence. */
function meanOf(sightings: readonly Sighting[], looks: number): { minutia: Minutia; descriptor: Int8Array } {
  const total = sightings.reduce((sum, { confidence }) => sum + confidence, 0);
  const mean = (of: (one: Sighting) => number): number =>
    sightings.reduce((sum, one) => sum + one.confidence * of(one), 0) / total;
  const endings = mean(({ type }) => (type === 'ending' ? 1 : 0));
  const values = Array.from({ length: DESCRIPTOR_LENGTH }, (_, k) => mean(one => one.descriptor[k]!));
  const length = Math.hypot(...values);
  return {
    minutia: {
      x: mean(one => one.x),
      y: mean(one => one.y),
      directionRad: Math.atan2(
        mean(one => Math.sin(one.directionRad)),
        mean(one => Math.cos(one.directionRad)),
      ),
      type: endings > 0.5 ? 'ending' : 'bifurcation',
      confidence: total / looks,
    },
    // Descriptors that cancel each other out say nothing together; a template holds none without a length.
    descriptor:
      length > 0
        ? Int8Array.from(values, value => Math.round((value * DESCRIPTOR_SCALE) / length))
        : sightings[0]!.descriptor,
  };
}
