/** A gallery's process that has been filled, and how long that took. */
import { type FaceGallery, type GalleryOptions, startFaceGallery } from '../../models/index.ts';
import { LENGTH } from './people.ts';

export const PROFILES = ['exact', 'two-stage'] as const;
export type Profile = (typeof PROFILES)[number];

/** Laying out a block takes a second where nobody else computes. */
const DEADLINE_MS = 300_000;

/** With two threads. @returns the gallery and the milliseconds from the first row to the first search it would answer */
export async function filledGallery(
  profile: Profile,
  fill: GalleryOptions['fill'],
): Promise<[FaceGallery, number]> {
  const done = Promise.withResolvers<number>();
  const gallery = await startFaceGallery({
    length: LENGTH,
    profile,
    threads: 2,
    deadlineMs: DEADLINE_MS,
    fill,
    log: event => {
      if (event.event === 'gallery_filled') done.resolve(event.tookMs);
      if (event.event === 'gallery_not_filled') done.reject(new Error(`the gallery: ${event.code}`));
    },
  });
  return [gallery, await done.promise];
}
