import { FilledProcess } from './process.ts';
import type { FaceGallery, FingerGallery, FingerGalleryOptions, GalleryOptions } from './types.ts';

/**
 * Forks the gallery's process and resolves once it runs; it is being filled then, and `health` tells when it has been.
 * @throws ModelError MODEL_CRASHED when it dies while starting (a shape it cannot hold), MODEL_TIMEOUT
 */
export async function startFaceGallery({
  length,
  profile,
  threads = 1,
  ...options
}: GalleryOptions): Promise<FaceGallery> {
  const faces = await FilledProcess.start({
    ...options,
    entry: new URL('./host.ts', import.meta.url),
    shape: { length, profile, threads },
  });
  return {
    get health() {
      return faces.health;
    },
    put: (rows, call) => faces.change('put', [rows], call),
    remove: (ids, call) => faces.change('remove', [ids], call),
    search: (probes, wanted, call) => faces.ask('search', [probes, wanted], call),
    [Symbol.asyncDispose]: () => faces[Symbol.asyncDispose](),
  };
}

/** The same for fingers. Errors as {@link startFaceGallery} */
export async function startFingerGallery({
  threads = 1,
  ...options
}: FingerGalleryOptions): Promise<FingerGallery> {
  const fingers = await FilledProcess.start({
    ...options,
    entry: new URL('./finger-host.ts', import.meta.url),
    shape: { threads },
  });
  return {
    get health() {
      return fingers.health;
    },
    put: (records, call) => fingers.change('put', [records], call),
    remove: (ids, call) => fingers.change('remove', [ids], call),
    search: (probes, wanted, { among, ...call } = {}) =>
      fingers.ask('search', [probes, wanted, among ?? new Uint32Array()], call),
    [Symbol.asyncDispose]: () => fingers[Symbol.asyncDispose](),
  };
}
