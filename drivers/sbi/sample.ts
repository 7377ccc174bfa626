import { DeviceError, FINGER_NAMES, type FingerName, type SlapName } from '../device.ts';
import { decodeFingerImageRecord, type FingerImageRecord } from './record.ts';
import type { SbiDevice } from './service.ts';
import { openSigned } from './trust.ts';
import { type CaptureItem, chainHash, digitalId, fingerOf, objectOf, SLAP_CODES, sample } from './wire.ts';

/** What a sample has to belong to, beside its device. */
export interface Expected {
  readonly transactionId: string;
  /** Hash of the sample before it, '' for the first. */
  readonly previousHash: string;
  /** Hashes of earlier samples of this device. */
  readonly seen: ReadonlySet<string>;
}

/** A sample that is the device's own, of now, and whole. */
export interface BelievedSample {
  readonly of: FingerName | SlapName;
  readonly record: FingerImageRecord;
  readonly hash: string;
}

/** Clock of the device may stand beside ours by so much; MOSIP's own clients allow the same (`MDS_RESP_ALLOWED_LAG_MINS`). */
const ALLOWED_LAG_MS = 300_000;
/** "timestamp": exactly so, in UTC without fractions. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * Believes a sample or says why not. Who signed is looked at before anything that is told.
 * @throws DeviceError DEVICE_SIGNATURE, DEVICE_CERTIFICATE, DEVICE_CERTIFICATE_ENDED, DEVICE_OTHER_DEVICE,
 *   DEVICE_OTHER_TRANSACTION, DEVICE_REPLAYED, DEVICE_HASH, DEVICE_PROTOCOL
 */
export async function believe(
  item: CaptureItem,
  device: SbiDevice,
  expected: Expected,
): Promise<BelievedSample> {
  const { payload, signer } = await openSigned(item.data, device.trust);
  const told = sample(objectOf(payload));
  if (
    signer !== device.signer ||
    told.deviceCode !== device.info.deviceCode ||
    !(await isOf(device, told.digitalId))
  )
    throw new DeviceError('DEVICE_OTHER_DEVICE', 'a sample of another device');
  if (told.transactionId !== expected.transactionId)
    throw new DeviceError('DEVICE_OTHER_TRANSACTION', 'a sample of another transaction');
  const lagMs = Math.abs(device.trust.now().getTime() - Date.parse(told.timestamp));
  if (!TIMESTAMP.test(told.timestamp) || !(lagMs <= ALLOWED_LAG_MS) || expected.seen.has(item.hash))
    throw new DeviceError('DEVICE_REPLAYED', 'a sample of another time');
  if (item.hash !== chainHash(expected.previousHash, told.bioValue))
    throw new DeviceError('DEVICE_HASH', 'a sample whose hash is another');
  if (told.purpose !== 'Registration' || told.bioType !== 'Finger')
    throw new DeviceError('DEVICE_PROTOCOL', 'a sample for another purpose');
  const record = recordIn(told.bioValue);
  return { of: nameOf(record, told.bioSubType), record, hash: item.hash };
}

async function isOf({ identity, identitySigner, trust }: SbiDevice, jws: string): Promise<boolean> {
  const { payload, signer } = await openSigned(jws, trust);
  const { serialNo, make, model } = digitalId(objectOf(payload));
  return (
    signer === identitySigner &&
    serialNo === identity.serialNo &&
    make === identity.make &&
    model === identity.model
  );
}

function recordIn(bioValue: Uint8Array): FingerImageRecord {
  try {
    return decodeFingerImageRecord(bioValue);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new DeviceError('DEVICE_PROTOCOL', `a sample that is no finger image record: ${cause.message}`, {
      cause,
    });
  }
}

/** The finger that record and message agree on, or the slap that the record holds whole. */
function nameOf({ position }: FingerImageRecord, subType: string): FingerName | SlapName {
  const name = SLAP_CODES.get(position) ?? FINGER_NAMES[position - 1];
  const told = subType === 'UNKNOWN' ? name : fingerOf(subType);
  if (name === undefined || (told !== name && !SLAP_CODES.has(position)))
    throw new DeviceError('DEVICE_PROTOCOL', 'a sample that names two fingers');
  return name;
}
