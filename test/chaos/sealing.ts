/** What sealing a visit costs, as a multiple of the bare cryptography of the same bytes. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import {
  CAPTURE_TECHNOLOGY,
  encodeFaceRecord,
  encodeFingerRecord,
  FACE_RECORD_MEDIA_TYPE,
  FINGER_RECORD_MEDIA_TYPE,
} from '../../agent/packet/records19794.ts';
import { type ClearBlob, seal } from '../../agent/packet/seal.ts';
import { packetDraft } from '../fixtures/messages.ts';
import { decryptionKeyOf, makePki, signerOf } from '../fixtures/pki.ts';

/** Ten prints and a portrait as compressed images, 1.5 MB together: no compressor has to run for them. */
const PRINT_BYTES = 100_000;
const PORTRAIT_BYTES = 500_000;
const FINGERS = 10;
const WARM_UP = 20;

export interface SealingResult {
  /** Median over the rounds of sealing divided by bare, each pair measured one after the other. */
  readonly ratio: number;
  /** Medians, processor milliseconds. */
  readonly sealMs: number;
  readonly bareMs: number;
  readonly bytes: number;
}

/** Measures both in turn, so that what else the machine does meets both. Processor time of this process. */
export async function sealingCost(rounds: number): Promise<SealingResult> {
  const pki = await makePki();
  const signer = signerOf(pki.kiosk, pki.office);
  const recipient = await decryptionKeyOf(pki.backend);
  const images = [
    ...Array.from({ length: FINGERS }, () => randomBytes(PRINT_BYTES)),
    randomBytes(PORTRAIT_BYTES),
  ];
  const pairs: { seal: number; bare: number }[] = [];
  for (let round = -WARM_UP; round < rounds; round++) {
    const bare = await cpuMs(async () => bareCryptography(images));
    const sealed = await cpuMs(() =>
      seal(packetDraft(round + WARM_UP + 1), records(images), signer, recipient),
    );
    if (round >= 0) pairs.push({ seal: sealed, bare });
  }
  return {
    ratio: median(pairs.map(pair => pair.seal / pair.bare)),
    sealMs: median(pairs.map(pair => pair.seal)),
    bareMs: median(pairs.map(pair => pair.bare)),
    bytes: images.reduce((sum, image) => sum + image.length, 0),
  };
}

function bareCryptography(images: readonly Uint8Array[]): void {
  const key = randomBytes(32);
  for (const image of images) {
    const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12));
    cipher.update(image);
    cipher.final();
    cipher.getAuthTag();
    createHash('sha256').update(image).digest('hex');
  }
}

/** ISO records around the images, as a visit's. */
function records(images: readonly Uint8Array[]): ClearBlob[] {
  const capturedAt = new Date();
  const qualities = [{ score: 80, vendor: 0, algorithm: 0 }];
  return images.map((jpeg2000, index) =>
    index < FINGERS
      ? {
          name: `finger-${index + 1}`,
          mediaType: FINGER_RECORD_MEDIA_TYPE,
          bytes: encodeFingerRecord({
            capturedAt,
            technology: CAPTURE_TECHNOLOGY.opticalTir,
            qualities,
            position: index + 1,
            ppi: 500,
            width: 500,
            height: 500,
            jpeg2000,
          }),
        }
      : {
          name: 'face',
          mediaType: FACE_RECORD_MEDIA_TYPE,
          bytes: encodeFaceRecord({
            capturedAt,
            qualities,
            width: 720,
            height: 960,
            colour: 'rgb24',
            jpeg2000,
          }),
        },
  );
}

async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
