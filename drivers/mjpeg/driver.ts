import { type Camera, DeviceError } from '../device.ts';
import { openHttp } from '../link/http.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { StreamCamera, type StreamLimits } from '../stream-camera.ts';
import { JpegSplitter } from './jpeg-splitter.ts';
import { boundaryOf, MultipartReader } from './multipart.ts';

export interface MjpegHttpSettings {
  /** `http:` or `https:` URL of a multipart/x-mixed-replace stream; user and password in it are sent as basic auth. */
  readonly url: string;
  readonly limits?: Partial<StreamLimits>;
}

/** Connects and waits for the first frame. @throws DeviceError as {@link openHttp} does */
export async function openMjpegHttp(
  settings: MjpegHttpSettings,
  signal: AbortSignal,
  tap: Tap = UNTAPPED,
): Promise<Camera & { lost: Promise<DeviceError> }> {
  const answer = await openHttp(new URL(settings.url), signal);
  const { location, mediaType, server } = answer;
  const splitter = splitterFor(mediaType);
  if (splitter === undefined) {
    await answer.close();
    throw new DeviceError('DEVICE_PROTOCOL', `${location} is no MJPEG stream but ${mediaType || 'untyped'}`);
  }
  const identity = { driver: 'mjpeg-http', model: server || 'MJPEG camera', serial: '', location };
  return StreamCamera.on(tap(answer), splitter, identity, settings.limits ?? {}).started(signal);
}

/** Splitter of the body; undefined for what is no stream of JPEG frames. */
function splitterFor(mediaType: string): JpegSplitter | MultipartReader | undefined {
  if (!/^\s*(multipart\/|video\/x-motion-jpeg|image\/jpeg)/i.test(mediaType)) return undefined;
  const boundary = boundaryOf(mediaType);
  return boundary === undefined ? new JpegSplitter() : new MultipartReader(boundary);
}
