/**
 * Messages of MOSIP SBI 0.9.5 as a registration client reads and writes them. Pure; nothing here is believed yet: what is
 * signed is opened by trust.ts first. Devices write numbers as texts or as numbers; both are taken.
 */
import { createHash } from 'node:crypto';
import { DeviceError, FINGER_NAMES, type FingerName, type SlapName } from '../device.ts';

/** Where device services listen ("Device Discovery"): 127.0.0.1, the first free of these ports. */
export const FIRST_PORT = 4501;
export const LAST_PORT = 4600;

export const VERB = {
  discover: 'MOSIPDISC',
  info: 'MOSIPDINFO',
  capture: 'RCAPTURE',
  stream: 'STREAM',
} as const;

export type Modality = 'Finger' | 'Face';

/** A JSON object of unknown content. */
type Fields = Readonly<Record<string, unknown>>;

/** What a device service tells of a device, signed or (in a discovery) not. */
export interface DeviceInfo {
  readonly deviceId: string;
  readonly deviceCode: string;
  readonly status: string;
  readonly certification: string;
  readonly purpose: string;
  readonly env: string;
  /** Signed JWS, or in a discovery base64url of JSON. */
  readonly digitalId: string;
}

/** Who the device is, by its own digital ID. */
export interface DigitalId {
  readonly serialNo: string;
  readonly make: string;
  readonly model: string;
  readonly type: string;
  readonly deviceSubType: string;
}

/** One sample of an answer, before its signature has been looked at. */
export interface CaptureItem {
  readonly data: string;
  readonly hash: string;
}

/** The signed part of one sample. */
export interface Sample {
  readonly digitalId: string;
  readonly deviceCode: string;
  readonly bioType: string;
  readonly bioSubType: string;
  readonly purpose: string;
  readonly transactionId: string;
  readonly timestamp: string;
  readonly bioValue: Uint8Array;
}

/** Device numbers ("Device Sub Id") of what one glass takes at once. */
const SUB_ID: Readonly<Record<SlapName, string>> = { left_four: '1', right_four: '2', two_thumbs: '3' };

/** ISO/IEC 19794-4:2011 table 6: plain fingers together. */
export const SLAP_CODES: ReadonlyMap<number, SlapName> = new Map([
  [13, 'right_four'],
  [14, 'left_four'],
  [15, 'two_thumbs'],
]);

/** Fingers of each slap, left to right on the glass. */
export const SLAP_FINGERS: Readonly<Record<SlapName, readonly FingerName[]>> = {
  right_four: ['right_index', 'right_middle', 'right_ring', 'right_little'],
  left_four: ['left_little', 'left_ring', 'left_middle', 'left_index'],
  two_thumbs: ['left_thumb', 'right_thumb'],
};

export const slapOf = (finger: FingerName): SlapName =>
  finger.endsWith('thumb') ? 'two_thumbs' : finger.startsWith('right') ? 'right_four' : 'left_four';

/** `right_index` is `Right IndexFinger`, `left_thumb` is `Left Thumb`. */
function bioSubType(finger: FingerName): string {
  const [hand = '', name = ''] = finger.split('_').map(word => `${word[0]!.toUpperCase()}${word.slice(1)}`);
  return name === 'Thumb' ? `${hand} Thumb` : `${hand} ${name}Finger`;
}

export const fingerOf = (subType: string): FingerName | undefined =>
  FINGER_NAMES.find(finger => bioSubType(finger) === subType);

export interface CaptureRequest {
  readonly env: string;
  readonly transactionId: string;
  readonly at: Date;
  readonly timeoutMs: number;
  readonly slap: SlapName;
  /** Fingers of the slap that are asked for; the others count as missing. */
  readonly fingers: readonly FingerName[];
  readonly requestedScore: number;
  readonly deviceId: string;
  /** Hash of the sample before, '' for the first. */
  readonly previousHash: string;
}

export function captureRequest(ask: CaptureRequest): string {
  const missing = SLAP_FINGERS[ask.slap].filter(finger => !ask.fingers.includes(finger));
  return JSON.stringify({
    env: ask.env,
    purpose: 'Registration',
    specVersion: '0.9.5',
    timeout: String(ask.timeoutMs),
    captureTime: secondsOf(ask.at),
    transactionId: ask.transactionId,
    bio: [
      {
        type: 'Finger',
        count: String(ask.fingers.length),
        bioSubType: ask.fingers.map(bioSubType),
        exception: missing.map(bioSubType),
        requestedScore: String(ask.requestedScore),
        deviceId: ask.deviceId,
        deviceSubId: SUB_ID[ask.slap],
        previousHash: ask.previousHash,
      },
    ],
    customOpts: null,
  });
}

/** How long a stream lasts unless it is ended before, in milliseconds: a working day. */
const STREAM_MS = 86_400_000;

export const streamRequest = (deviceId: string): string =>
  JSON.stringify({ deviceId, deviceSubId: '0', timeout: String(STREAM_MS) });

/** ISO 8601 in UTC without fractions, the only form that the specification allows. */
const secondsOf = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

/** What an answer holds: devices or samples, or the number of the service's error. */
export type Answer<T> = { readonly kind: 'items'; readonly items: readonly T[] } | Refusal;
export interface Refusal {
  readonly kind: 'refused';
  /** `errorCode`: 100 .. 999, or a word such as SBI1196. */
  readonly code: string;
}

/** @throws DeviceError DEVICE_PROTOCOL */
export const discoveryAnswer = (body: Uint8Array): Answer<DeviceInfo> => answer(jsonOf(body), deviceInfo);

/** Each item is `deviceInfo`: a JWS of {@link deviceInfo}; of a device that is not registered base64url without signature. */
export const infoAnswer = (body: Uint8Array): Answer<string> =>
  answer(jsonOf(body), item => textOf(item, 'deviceInfo'));

/** @throws DeviceError DEVICE_PROTOCOL */
export const captureAnswer = (body: Uint8Array): Answer<CaptureItem> =>
  answer(fieldsOf(jsonOf(body)).biometrics, item => ({
    data: textOf(item, 'data'),
    hash: textOf(item, 'hash').toUpperCase(),
  }));

function answer<T>(list: unknown, read: (item: Fields) => T): Answer<T> {
  if (!Array.isArray(list)) throw strange('no list');
  const items: T[] = [];
  for (const value of list) {
    const item = fieldsOf(value);
    const code = item.error == null ? '0' : textOf(fieldsOf(item.error), 'errorCode');
    if (code !== '0') return { kind: 'refused', code: /^\w{1,12}$/.test(code) ? code : 'unreadable' };
    items.push(read(item));
  }
  return { kind: 'items', items };
}

/** @throws DeviceError DEVICE_PROTOCOL */
export const deviceInfo = (item: Fields): DeviceInfo => ({
  deviceId: textOf(item, 'deviceId'),
  deviceCode: textOf(item, 'deviceCode'),
  status: textOf(item, 'deviceStatus'),
  certification: textOf(item, 'certification'),
  purpose: textOf(item, 'purpose'),
  env: item.env === undefined ? '' : textOf(item, 'env'),
  digitalId: textOf(item, 'digitalId'),
});

/** @throws DeviceError DEVICE_PROTOCOL */
export function digitalId(item: Fields): DigitalId {
  const text = (name: string) => textOf(item, name);
  return {
    serialNo: text('serialNo'),
    make: text('make'),
    model: text('model'),
    type: text('type'),
    deviceSubType: text('deviceSubType'),
  };
}

/** @throws DeviceError DEVICE_PROTOCOL */
export function sample(item: Fields): Sample {
  const text = (name: string) => textOf(item, name);
  return {
    digitalId: text('digitalId'),
    deviceCode: text('deviceCode'),
    bioType: text('bioType'),
    bioSubType: text('bioSubType'),
    purpose: text('purpose'),
    transactionId: text('transactionId'),
    timestamp: text('timestamp'),
    bioValue: Buffer.from(text('bioValue'), 'base64url'),
  };
}

/** @throws DeviceError DEVICE_PROTOCOL */
export const objectOf = (bytes: Uint8Array): Fields => fieldsOf(jsonOf(bytes));

/** SBI 0.9.5, "hash": SHA-256 over the hash before (that of nothing for the first) and the SHA-256 of the sample. */
export function chainHash(previousHash: string, bioValue: Uint8Array): string {
  const before = previousHash === '' ? sha256(new Uint8Array()) : Buffer.from(previousHash, 'hex');
  return sha256(Buffer.concat([before, sha256(bioValue)]))
    .toString('hex')
    .toUpperCase();
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // No cause: JSON.parse quotes what it could not read, which may be a person.
    throw strange('no JSON');
  }
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw strange('no object');
  return value as Fields;
}

function textOf(item: Fields, name: string): string {
  const value = item[name];
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw strange(`no ${name}`);
}

const strange = (what: string): DeviceError =>
  new DeviceError('DEVICE_PROTOCOL', `the device service sends what its protocol does not allow: ${what}`);
