import { type Camera, DeviceError } from '../device.ts';
import { openHttp } from '../link/http.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { boundaryOf, MultipartReader } from '../mjpeg/multipart.ts';
import { StreamCamera } from '../stream-camera.ts';
import { findSbiDevice, type SbiSettings } from './service.ts';
import { streamRequest, VERB } from './wire.ts';

/**
 * The stream of a face camera behind a MOSIP SBI 0.9.5 service: the device proves who it is; its frames are not signed, so
 * they are trusted like those of other cameras.
 * @throws DeviceError as {@link findSbiDevice} and {@link openHttp} do
 */
export async function openSbiCamera(
  settings: SbiSettings,
  signal: AbortSignal,
  tap: Tap = UNTAPPED,
): Promise<Camera & { lost: Promise<DeviceError> }> {
  const { service, info, identity } = await findSbiDevice('Face', settings, signal);
  const ask = { method: VERB.stream, body: streamRequest(info.deviceId) };
  const stream = await openHttp(new URL('/stream', service), signal, ask);
  const boundary = boundaryOf(stream.mediaType);
  if (boundary === undefined) {
    await stream.close();
    throw new DeviceError('DEVICE_PROTOCOL', `${stream.location} is no MJPEG stream`);
  }
  const named = {
    driver: 'sbi',
    model: `${identity.make} ${identity.model}`.slice(0, 64),
    serial: identity.serialNo,
    location: service.origin,
  };
  return StreamCamera.on(tap(stream), new MultipartReader(boundary), named, {}).started(signal);
}
