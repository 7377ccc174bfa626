/** The references of a record, made ready for comparison while the applicant is still busy: images in, templates out. */
import { type FaceService, type FingerService, ModelError } from '../../models/index.ts';
import { steadily } from '../pipeline/steady.ts';
import type { References } from '../session/visit.ts';
import type { ReferenceImage } from './lookup.ts';

export interface Preparer {
  readonly finger: FingerService;
  readonly face: FaceService;
}

/** Where a finger reference does not say its resolution: that of ISO/IEC 19794-4 records, pixels per inch. */
const DEFAULT_PPI = 500;

/**
 * A reference that is no picture, or shows no face, is left out: the record is at fault, not the applicant.
 * @throws ModelError when the models fail for good; the abort reason
 */
export async function prepareReferences(
  models: Preparer,
  images: readonly ReferenceImage[],
  signal: AbortSignal,
): Promise<References> {
  const faces: Float32Array[] = [];
  const fingers: { position: ReferenceImage['position'] & string; template: Uint8Array }[] = [];
  for (const { modality, position, ppi, bytes } of images) {
    if (modality === 'face') {
      const analysis = await readable(() => steadily(() => models.face.analyse(bytes, { signal }), signal));
      if (analysis?.face) faces.push(analysis.face.embedding);
    } else if (position) {
      const work = () => models.finger.extractEncoded(bytes, ppi ?? DEFAULT_PPI, { signal });
      const extraction = await readable(() => steadily(work, signal));
      if (extraction) fingers.push({ position, template: extraction.template });
    }
  }
  return { faces, fingers };
}

async function readable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ModelError && error.code === 'MODEL_INPUT') return undefined;
    throw error;
  }
}
