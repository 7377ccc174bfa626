/** Answers to RCAPTURE: samples, each signed, each hash over the one before. */
import { createHash } from 'node:crypto';
import { type SbiKeys, signed } from './keys.ts';
import { fingerRecord, type GrayImage, jp2Of } from './record.ts';
import { type Laid, slapImage } from './slap.ts';

/** What of a client's requests matters here. */
export interface SbiRequest {
  readonly type?: string;
  readonly timeout?: string | number;
  readonly transactionId?: string;
  readonly bio?: readonly {
    readonly bioSubType?: readonly string[];
    readonly deviceSubId?: string | number;
    readonly previousHash?: string | null;
    readonly requestedScore?: string;
  }[];
}

export interface SampleDevice {
  readonly keys: SbiKeys;
  readonly segments: boolean;
  readonly deviceCode: string;
  readonly digitalId: object;
  /** Stands in the samples in place of the transaction asked for. */
  readonly transactionId?: string;
  readonly timestamp?: string;
}

/** ISO/IEC 19794-4:2011 table 6, by SBI's names. */
const HANDS = ['Right', 'Left'].flatMap(hand =>
  ['Thumb', 'IndexFinger', 'MiddleFinger', 'RingFinger', 'LittleFinger'].map(name => `${hand} ${name}`),
);
/** By deviceSubId: left four, right four, two thumbs. */
const SLAP_POSITION: Readonly<Record<string, number>> = { 1: 14, 2: 13, 3: 15 };

export async function captureAnswer(asked: SbiRequest, laid: Laid, device: SampleDevice): Promise<object> {
  const [bio] = asked.bio ?? [];
  const names = bio?.bioSubType ?? [];
  // A device knows no fingers: it names what lies there as it was told, from left to right.
  const images: (readonly [name: string, position: number, image: GrayImage])[] = device.segments
    ? laid.prints
        .slice(0, names.length)
        .map(({ image }, at) => [names[at]!, HANDS.indexOf(names[at]!) + 1, image])
    : [['UNKNOWN', SLAP_POSITION[String(bio?.deviceSubId)] ?? 0, slapImage(laid)]];
  let previous = bio?.previousHash ?? '';
  const biometrics: object[] = [];
  for (const [name, position, image] of images) {
    const bioValue = fingerRecord(position, image, await jp2Of(image), new Date());
    previous = sampleHash(previous, bioValue);
    biometrics.push({
      specVersion: '0.9.5',
      data: signed(samplePayload(asked, name, bioValue, device), device.keys.device),
      hash: previous,
      error: { errorCode: '0', errorInfo: 'Success' },
    });
  }
  return { biometrics };
}

function samplePayload(asked: SbiRequest, name: string, bioValue: Uint8Array, device: SampleDevice) {
  return {
    digitalId: signed(device.digitalId, device.keys.identity),
    deviceCode: device.deviceCode,
    deviceServiceVersion: '0.9.5',
    bioType: 'Finger',
    bioSubType: name,
    purpose: 'Registration',
    env: 'Developer',
    bioValue: Buffer.from(bioValue).toString('base64url'),
    transactionId: device.transactionId ?? asked.transactionId,
    timestamp: device.timestamp ?? `${new Date().toISOString().slice(0, 19)}Z`,
    requestedScore: asked.bio?.[0]?.requestedScore ?? '60',
    qualityScore: '80',
  };
}

/** HEX( SHA256( hash before, or SHA256 of nothing, and SHA256(bioValue) ) ) */
function sampleHash(previousHash: string, bioValue: Uint8Array): string {
  const before = previousHash === '' ? createHash('sha256').digest() : Buffer.from(previousHash, 'hex');
  const own = createHash('sha256').update(bioValue).digest();
  return createHash('sha256').update(before).update(own).digest('hex').toUpperCase();
}
