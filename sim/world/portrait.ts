/** A person before the camera: composites for invented people, their own files for people whose images are files. */
import { readFile } from 'node:fs/promises';
import { faceFrame, faceSexes, frameFromImage, referencePortrait } from '../people/face/frames.ts';
import type { Person } from '../people/index.ts';
import type { Pose } from './stage.ts';

/** Number of the composite that is this person's face. */
function compositeOf(face: Extract<Person['face'], { kind: 'composite' }>): number {
  const wanted = face.sex === 'female' ? 'F' : 'M';
  const candidates = faceSexes.flatMap((sex, index) => (sex === wanted ? [index] : []));
  return candidates[face.index % candidates.length] ?? 0;
}

/** What the camera sees while nobody stands before it. */
export const emptyRoom = (variation: number): Promise<Uint8Array> => faceFrame(0, 'nobody', variation);

/** What the camera sees of the person. Variation: small movements, light and noise; any whole number. */
export async function liveFrame({ face }: Person, pose: Pose, variation: number): Promise<Uint8Array> {
  if (face.kind === 'composite') return faceFrame(compositeOf(face), pose, variation);
  // One photograph for some seconds, then the next: a person who tries again looks a little different.
  const file = face.live[Math.floor(variation / FRAMES_A_PHOTOGRAPH) % face.live.length];
  if (!file) return emptyRoom(variation);
  return frameFromImage(await fileBytes(file), pose, variation);
}

/** Frames of one photograph before the next is shown. */
const FRAMES_A_PHOTOGRAPH = 60;

const files = new Map<string, Promise<Uint8Array>>();
const fileBytes = (file: string): Promise<Uint8Array> => {
  const known = files.get(file) ?? readFile(file);
  files.set(file, known);
  return known;
};

/** The portraits that the immigration record holds. */
export async function recordPortraits({ face }: Person): Promise<readonly Uint8Array[]> {
  if (face.kind === 'composite') return [await referencePortrait(compositeOf(face))];
  return Promise.all(face.record.map(fileBytes));
}
