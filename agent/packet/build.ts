/** From a finished visit to a sealed packet: samples -> ISO records -> manifest -> sealed. */
import sharp from 'sharp';
import { MINUTIAE_RECORD_MEDIA_TYPE, minutiaeRecordOf } from '../../models/index.ts';
import type { PacketManifest } from '../contract/packet.ts';
import { positionCode } from '../contract/positions.ts';
import type { Compared, TakenFace, TakenFinger } from '../session/visit.ts';
import type { ImageCodec } from './imaging.ts';
import {
  CAPTURE_TECHNOLOGY,
  encodeFaceRecord,
  encodeFingerRecord,
  FACE_RECORD_MEDIA_TYPE,
  FINGER_RECORD_MEDIA_TYPE,
} from './records19794.ts';
import { type ClearBlob, type SealedMessage, seal } from './seal.ts';
import type { Recipient, Signer } from './signer.ts';

/** What a packet says of the kiosk that made it. */
export interface PacketOrigin {
  readonly office: string;
  readonly kiosk: string;
  readonly boot: number;
  readonly sequence: number;
  readonly agentVersion: string;
  readonly audit: PacketManifest['audit'];
  readonly clock: PacketManifest['clock'];
  readonly createdAt: Date;
}

export interface PacketTools {
  readonly codec: ImageCodec;
  readonly signer: Signer;
  readonly recipient: Recipient;
}

/**
 * Seals a visit for the backend.
 * @param packetId UUID version 7
 * @param expected dates promised to the applicant
 * @throws PacketError; the signal's reason when aborted
 */
export async function buildPacket(
  packetId: string,
  visit: Compared,
  expected: PacketManifest['expected'],
  origin: PacketOrigin,
  tools: PacketTools,
  signal: AbortSignal,
): Promise<SealedMessage> {
  const blobs: ClearBlob[] = [];
  const fingers: PacketManifest['samples'] = [];
  for (const finger of visit.fingers) {
    const image = await fingerBlob(finger, origin.createdAt, tools.codec, signal);
    const minutiae = minutiaeBlob(finger, origin.createdAt);
    blobs.push(image, ...(minutiae ? [minutiae] : []));
    fingers.push(fingerSample(finger, image, minutiae));
  }
  blobs.push(await faceBlob(visit.face, origin.createdAt, tools.codec, signal));
  const { travelDocument, residenceCard, lookup } = visit;
  return seal(
    {
      type: 'vantay.packet',
      schemaVersion: 1,
      packetId,
      office: origin.office,
      kiosk: origin.kiosk,
      boot: origin.boot,
      sequence: origin.sequence,
      createdAt: origin.createdAt.toISOString(),
      clock: origin.clock,
      agentVersion: origin.agentVersion,
      audit: origin.audit,
      purpose: visit.purpose,
      ground: visit.ground,
      applicant: travelDocument.person,
      documents: [travelDocument.document, residenceCard.document],
      appointment: visit.appointment,
      representative: representativeOf(visit),
      contact: formOf(visit),
      consent: visit.consent,
      samples: [...fingers, faceSample(visit.face)],
      exceptions: [...visit.exceptions],
      overrides: [...visit.overrides],
      lookup: {
        state: lookup.state,
        onFile: lookup.state === 'found' ? lookup.onFile : null,
        source: lookup.state === 'unavailable' ? null : lookup.kept ? 'kept' : 'registry',
      },
      decision: visit.decision,
      identification: identificationOf(visit),
      expected,
    },
    blobs,
    tools.signer,
    tools.recipient,
  );
}

const representativeOf = ({ representative }: Compared): PacketManifest['representative'] =>
  representative && {
    relation: representative.relation,
    person: representative.person,
    document: representative.document,
  };

const identificationOf = ({ identification }: Compared): PacketManifest['identification'] =>
  identification?.state === 'searched'
    ? {
        state: 'searched',
        place: identification.place,
        searched: identification.searched,
        modalities: [...identification.modalities],
        fpirAsked: identification.fpirAsked,
        candidates: identification.candidates
          .reveal()
          .map(({ recordId, fpir, face, finger }) => ({ recordId, fpir, face, finger })),
      }
    : (identification ?? null);

const formOf = ({ form, representative }: Compared): PacketManifest['contact'] =>
  form.contact && {
    ...form.contact,
    numberOf: representative ? 'representative' : 'applicant',
    simConfirmedBy: form.simConfirmedBy,
    integrate: [...form.integrate],
  };

const FACE_BLOB = 'face';
const fingerBlobName = (finger: TakenFinger): string => `finger-${positionCode(finger.position)}`;

const fingerSample = (
  finger: TakenFinger,
  image: ClearBlob,
  minutiae: ClearBlob | undefined,
): PacketManifest['samples'][number] => ({
  modality: 'finger',
  position: finger.position,
  image: image.name,
  minutiae: minutiae?.name ?? null,
  quality: finger.quality,
  attempts: finger.attempts,
  device: finger.device,
});

const faceSample = (face: TakenFace): PacketManifest['samples'][number] => ({
  modality: 'face',
  image: FACE_BLOB,
  quality: face.quality,
  attempts: face.attempts,
  device: face.device,
  pad: face.pad,
});

/** Our own quality algorithms have no registered CBEFF numbers: 0 says so, the manifest names them in words. */
const recordQuality = (score: number) => [{ score, vendor: 0, algorithm: 0 }];

async function fingerBlob(
  finger: TakenFinger,
  capturedAt: Date,
  codec: ImageCodec,
  signal: AbortSignal,
): Promise<ClearBlob> {
  const { image } = finger.sample.reveal();
  const { width, height, ppi, pixels } = image;
  const bytes = encodeFingerRecord({
    capturedAt,
    technology: CAPTURE_TECHNOLOGY.opticalTir,
    qualities: recordQuality(finger.quality.score),
    position: positionCode(finger.position),
    ppi: Math.round(ppi),
    width,
    height,
    jpeg2000: await codec.encode({ width, height, components: 1, pixels }, signal),
  });
  return { name: fingerBlobName(finger), mediaType: FINGER_RECORD_MEDIA_TYPE, bytes };
}

/** Minutiae for matchers other than ours; none where the print holds none. */
function minutiaeBlob(finger: TakenFinger, capturedAt: Date): ClearBlob | undefined {
  const { template } = finger.sample.reveal();
  const bytes = minutiaeRecordOf([
    {
      template,
      details: {
        capturedAt,
        position: positionCode(finger.position),
        technology: CAPTURE_TECHNOLOGY.opticalTir,
        qualities: recordQuality(finger.quality.score),
      },
    },
  ]);
  return (
    bytes && { name: `${fingerBlobName(finger)}-minutiae`, mediaType: MINUTIAE_RECORD_MEDIA_TYPE, bytes }
  );
}

async function faceBlob(
  face: TakenFace,
  capturedAt: Date,
  codec: ImageCodec,
  signal: AbortSignal,
): Promise<ClearBlob> {
  const { data, info } = await sharp(face.sample.reveal().jpeg)
    .autoOrient()
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const bytes = encodeFaceRecord({
    capturedAt,
    qualities: recordQuality(face.quality.score),
    width,
    height,
    colour: 'rgb24',
    jpeg2000: await codec.encode({ width, height, components: 3, pixels: data }, signal),
  });
  return { name: FACE_BLOB, mediaType: FACE_RECORD_MEDIA_TYPE, bytes };
}
