/** The references of a record, made ready for comparison while the applicant is still busy: images in, templates out. */
import sharp from 'sharp';
import {
  type FaceService,
  type FingerService,
  isMinutiaeRecord,
  ModelError,
  minutiaePrintsOf,
} from '../../models/index.ts';
import { FINGER_POSITIONS } from '../contract/positions.ts';
import type { RecordAnswer } from '../contract/record.ts';
import { PacketError } from '../packet/errors.ts';
import type { ImageCodec, RawImage } from '../packet/imaging.ts';
import { steadily } from '../pipeline/steady.ts';
import type { References } from '../session/visit.ts';
import { pictureOf } from './reference-image.ts';

type Described = NonNullable<RecordAnswer['record']>['references'][number];

/** One reference sample as the registry sent it. */
type ReferenceImage = Omit<Described, 'blob'> & { readonly bytes: Uint8Array };

/** The references of a message with their bytes; one whose blob is missing is left out. */
export const imagesOf = (
  described: readonly Described[],
  blobs: ReadonlyMap<string, Uint8Array>,
): ReferenceImage[] =>
  described.flatMap(({ blob, ...reference }) => {
    const bytes = blobs.get(blob);
    return bytes ? [{ ...reference, bytes }] : [];
  });

export interface Preparer {
  readonly finger: FingerService;
  readonly face: FaceService;
  /** Reads JPEG 2000. Rejects with PacketError PACKET_IMAGE. */
  readonly jpeg2000: Pick<ImageCodec, 'decode'>;
  /** Keeps the first portrait for the eye of an officer; where none decides here, no picture is kept. */
  readonly keepsPortrait?: boolean;
}

/** Prints of one finger that are compared: with two or three, FNMR falls to about a third of that with one. */
const PRINTS_A_FINGER = 3;

/** Where a finger reference does not say its resolution: that of ISO/IEC 19794-4 records, pixels per inch. */
const DEFAULT_PPI = 500;

/**
 * A reference that is neither picture nor minutiae, is damaged or shows no face is left out: the record is at fault, not the
 * applicant.
 * @throws ModelError when the models fail for good; the abort reason
 */
export async function prepareReferences(
  models: Preparer,
  images: readonly ReferenceImage[],
  signal: AbortSignal,
): Promise<References> {
  const faces: Float32Array[] = [];
  let portrait: Uint8Array | undefined;
  const prints: Print[] = [];
  for (const { modality, position, ppi: saidPpi, bytes: sent } of images) {
    if (modality === 'finger' && isMinutiaeRecord(sent)) {
      prints.push(...((await readable(async () => minutiaePrints(sent, position))) ?? []));
      continue;
    }
    const read = await readPicture(models.jpeg2000, sent, signal);
    if (!read) continue;
    const { bytes, ppi = saidPpi } = read;
    if (modality === 'face') {
      const analysis = await readable(() => steadily(() => models.face.analyse(bytes, { signal }), signal));
      if (!analysis?.face) continue;
      faces.push(analysis.face.embedding);
      if (models.keepsPortrait) portrait ??= bytes;
    } else if (position) {
      const work = () => models.finger.extractEncoded(bytes, ppi ?? DEFAULT_PPI, { signal });
      const extraction = await readable(() => steadily(work, signal));
      if (extraction)
        prints.push({ position, template: extraction.template, quality: extraction.quality.score });
    }
  }
  return { faces, fingers: bestPrints(prints), ...(portrait ? { portrait } : {}) };
}

/** The prints of a minutiae record; those that do not say which finger they are of are of the reference's. */
function minutiaePrints(record: Uint8Array, position: ReferenceImage['position']): Print[] {
  return minutiaePrintsOf(record).flatMap(({ position: code, template, qualityScore }) => {
    const finger = FINGER_POSITIONS[code - 1] ?? position;
    return finger ? [{ position: finger, template, quality: qualityScore }] : [];
  });
}

/** A reference as a picture file that the models read, in whatever it came; undefined where it holds none. */
async function readPicture(
  jpeg2000: Preparer['jpeg2000'],
  sent: Uint8Array,
  signal: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly ppi?: number } | undefined> {
  const found = pictureOf(sent);
  if (!found) return undefined;
  const { picture } = found;
  const ppi = found.ppi === null ? {} : { ppi: found.ppi };
  if (picture.kind === 'file') return { bytes: picture.bytes, ...ppi };
  if (picture.kind === 'grey') return { bytes: await pngOf({ ...picture, components: 1 }), ...ppi };
  try {
    return { bytes: await pngOf(await jpeg2000.decode(picture.bytes, signal)), ...ppi };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PacketError) return undefined;
    throw error;
  }
}

const pngOf = ({ pixels, width, height, components }: RawImage): Promise<Uint8Array> =>
  sharp(pixels, { raw: { width, height, channels: components } })
    .png({ compressionLevel: 1 })
    .toBuffer();

interface Print {
  readonly position: NonNullable<ReferenceImage['position']>;
  readonly template: Uint8Array;
  readonly quality: number;
}

/**
 * The best prints of each finger, images before minutiae. Each further one is another try for an impostor, which the fusion has to
 * make up for by asking for more; beyond a few it costs more than it gives.
 */
function bestPrints(prints: readonly Print[]): References['fingers'] {
  const bare = ({ template }: Print) => Number(isMinutiaeRecord(template));
  const ranked = prints.toSorted((a, b) => bare(a) - bare(b) || b.quality - a.quality);
  const taken = new Map<string, number>();
  return ranked.filter(({ position }) => {
    const count = (taken.get(position) ?? 0) + 1;
    taken.set(position, count);
    return count <= PRINTS_A_FINGER;
  });
}

async function readable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ModelError && error.code === 'MODEL_INPUT') return undefined;
    throw error;
  }
}
