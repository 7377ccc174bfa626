import { readFile } from 'node:fs/promises';
import { DeviceError } from '../device.ts';
import { type Ask, askHttp } from '../link/http.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { certificatesOf, openSigned, type Trust } from './trust.ts';
import {
  type DeviceInfo,
  type DigitalId,
  deviceInfo,
  digitalId,
  discoveryAnswer,
  FIRST_PORT,
  infoAnswer,
  LAST_PORT,
  type Modality,
  objectOf,
  VERB,
} from './wire.ts';

export interface SbiSettings {
  /** Certificates of the authorities that devices are believed by, PEM. */
  readonly trustFile: string;
  /** Serial number of the one device that is meant; any of its kind when absent. */
  readonly serial?: string;
  /** L1: only a device that signs inside; any, L0, when absent. */
  readonly minimumTrust?: 'L0' | 'L1';
  /** Ports to look for services at, both ends among them; those of the specification when absent. */
  readonly ports?: readonly [first: number, last: number];
}

/** A device whose signed word we have: who it is, and whose signature its samples have to carry. */
export interface SbiDevice {
  readonly service: URL;
  readonly info: DeviceInfo;
  readonly identity: DigitalId;
  /** SHA-256 of the certificates that signed the info and the digital ID within it. */
  readonly signer: string;
  readonly identitySigner: string;
  readonly trust: Trust;
  readonly ask: Ask;
}

/** What a recording is played back with: its own moment in place of this one, and where a recording is made. */
export interface SbiUse {
  readonly tap?: Tap | undefined;
  readonly now?: () => Date;
  /** Of one capture, 4 to 50 letters, digits and `-`. */
  readonly transactionId?: () => string;
}

/** A service that is there answers at once; a port of something else may not. */
const LOOK_LIMITS = { withinMs: 2_000, maxBytes: 1_048_576 };

/**
 * Looks for the service of a device of this kind and has it say, signed, who it is.
 * @throws DeviceError DEVICE_NOT_FOUND with what is there in its place, DEVICE_NOT_REGISTERED, DEVICE_IN_USE, those of
 *   {@link openSigned}, DEVICE_TRUST_LEVEL, DEVICE_OTHER_DEVICE, DEVICE_PROTOCOL,
 *   DEVICE_TRUST_FILE
 */
export async function findSbiDevice(
  kind: Modality,
  settings: SbiSettings,
  signal: AbortSignal,
  { tap = UNTAPPED, now = () => new Date() }: SbiUse = {},
): Promise<SbiDevice> {
  const trust = { authorities: await authoritiesIn(settings.trustFile), now };
  const ask = tap.asks(askHttp);
  const { service, offered } = await discover(ask, kind, settings, signal);
  const answer = infoAnswer(await look(ask, service, { method: VERB.info, path: '/info' }, {}, signal));
  if (answer.kind === 'refused') throw refusal(answer.code, service);
  let why: unknown;
  for (const jws of answer.items) {
    try {
      const signed = await openSigned(jws, trust);
      const info = deviceInfo(objectOf(signed.payload));
      if (info.deviceId !== offered.deviceId) continue;
      checkUsable(info, service, settings.minimumTrust);
      const own = await openSigned(info.digitalId, trust);
      const identity = digitalId(objectOf(own.payload));
      if (identity.type === kind && (settings.serial === undefined || identity.serialNo === settings.serial))
        return { service, info, identity, signer: signed.signer, identitySigner: own.signer, trust, ask };
    } catch (error) {
      // A service may have devices of other makers as well.
      why = error;
    }
  }
  // What is not registered says so without a signature.
  if (offered.status === 'Not Registered') throw refusal('100', service);
  throw why ?? new DeviceError('DEVICE_OTHER_DEVICE', `${service.origin}: not the device that was offered`);
}

/** One question to a service that may not be there. @throws DeviceError as {@link askHttp} does */
const look = (
  ask: Ask,
  service: URL,
  { method, path }: { readonly method: string; readonly path: string },
  body: object,
  signal: AbortSignal,
): Promise<Uint8Array> =>
  ask(new URL(path, service), { method, body: JSON.stringify(body) }, LOOK_LIMITS, signal);

/** Numbers of errors ("Error codes") that have a code of their own here. */
export function refusal(code: string, service: URL): DeviceError {
  const message = `${service.origin}: the device service refuses with error ${code}`;
  switch (code) {
    case '100':
      return new DeviceError('DEVICE_NOT_REGISTERED', `${service.origin}: the device is not registered`);
    case '106':
    case '202':
      return new DeviceError('DEVICE_GONE', message);
    case '107':
      return new DeviceError('DEVICE_CERTIFICATE_ENDED', message);
    case '111':
      return new DeviceError('DEVICE_IN_USE', message);
    default:
      return new DeviceError('DEVICE_FAULT', message);
  }
}

async function authoritiesIn(file: string) {
  try {
    const authorities = certificatesOf(await readFile(file, 'utf8'));
    if (authorities.length > 0) return authorities;
  } catch (cause) {
    throw new DeviceError('DEVICE_TRUST_FILE', `the device's trustFile ${file} cannot be read`, { cause });
  }
  throw new DeviceError('DEVICE_TRUST_FILE', `the device's trustFile ${file} holds no certificate`);
}

/** What is offered is not signed: it only says whom to ask. */
async function discover(ask: Ask, kind: Modality, { ports, serial }: SbiSettings, signal: AbortSignal) {
  const [first, last] = ports ?? [FIRST_PORT, LAST_PORT];
  const services = Array.from(
    { length: last - first + 1 },
    (_, i) => new URL(`http://127.0.0.1:${first + i}`),
  );
  const offers = (await Promise.all(services.map(service => offersOf(ask, service, kind, signal)))).flat();
  signal.throwIfAborted();
  const fitting = offers.find(({ serialNo }) => serial === undefined || serialNo === serial);
  if (fitting !== undefined) return fitting;
  const others = offers.map(({ serialNo }) => serialNo).join(', ');
  const instead = others === '' ? '' : `; there are devices with serial number ${others}`;
  throw new DeviceError(
    'DEVICE_NOT_FOUND',
    `no device service on 127.0.0.1:${first}-${last} offers the ${kind.toLowerCase()} device${instead}`,
  );
}

async function offersOf(ask: Ask, service: URL, kind: Modality, signal: AbortSignal) {
  try {
    const question = { method: VERB.discover, path: '/device' };
    const answer = discoveryAnswer(await look(ask, service, question, { type: kind }, signal));
    if (answer.kind === 'refused') return [];
    return answer.items.map(offered => ({
      service,
      offered,
      serialNo: digitalId(objectOf(Buffer.from(offered.digitalId, 'base64url'))).serialNo,
    }));
  } catch {
    // Nothing listens there, or something that is no device service.
    return [];
  }
}

function checkUsable(
  { status, purpose, certification }: DeviceInfo,
  { origin }: URL,
  minimumTrust: SbiSettings['minimumTrust'],
): void {
  if (minimumTrust === 'L1' && certification !== 'L1')
    throw new DeviceError('DEVICE_TRUST_LEVEL', `${origin}: the device signs outside, at level L0`);
  if (status === 'Not Registered')
    throw new DeviceError('DEVICE_NOT_REGISTERED', `${origin}: the device is not registered`);
  if (status === 'Not Ready')
    throw new DeviceError('DEVICE_NOT_FOUND', `${origin}: the service is there, its device is not ready`);
  if (purpose !== 'Registration')
    throw new DeviceError(
      'DEVICE_FAULT',
      `${origin}: the device is certified for another purpose: ${purpose.slice(0, 20)}`,
    );
}
