import { statSync } from 'node:fs';
import { type Camera, DeviceError, type DeviceErrorCode } from '../device.ts';
import { deviceNode } from '../find-device.ts';
import { openProcess } from '../link/process.ts';
import { type Tap, UNTAPPED } from '../link/tape.ts';
import { JpegSplitter } from '../mjpeg/jpeg-splitter.ts';
import { StreamCamera, type StreamLimits } from '../stream-camera.ts';
import { type VideoDevice, videoDevice } from './v4l2.ts';

export interface FfmpegSettings {
  /** What ffmpeg opens: a V4L2 device such as `/dev/video0` or as {@link deviceNode} finds it, a file, a URL. It must carry MJPEG: nothing is re-encoded. */
  readonly input: string;
  /** ffmpeg's input format. `v4l2` for `/dev/video*` when absent, else left to ffmpeg. */
  readonly format?: string;
  /** Program to run; `ffmpeg` when absent. */
  readonly command?: string;
  readonly limits?: Partial<StreamLimits>;
}

/**
 * Starts ffmpeg and waits for the first frame. A regular file is played at its own speed, again and again.
 * @throws DeviceError DEVICE_NOT_FOUND, DEVICE_IN_USE, DEVICE_NO_PERMISSION, DEVICE_PROTOCOL, DEVICE_TIMEOUT or DEVICE_GONE
 */
export async function openFfmpeg(
  given: FfmpegSettings,
  signal: AbortSignal,
  tap: Tap = UNTAPPED,
): Promise<Camera & { lost: Promise<DeviceError> }> {
  const settings = { ...given, input: await deviceNode(given.input, 'video') };
  const location = settings.input;
  const identity = { driver: 'ffmpeg', location, ...(await identify(settings)) };
  const link = await openProcess(
    {
      command: settings.command ?? 'ffmpeg',
      args: ffmpegArguments(settings),
      location,
      mediaType: 'video/x-motion-jpeg',
      explainExit: (exitCode, stderrTail) => exitError(location, exitCode, stderrTail),
    },
    signal,
  );
  const camera = StreamCamera.on(tap(link), new JpegSplitter(), identity, settings.limits ?? {});
  return camera.started(signal);
}

/** A film is no camera, and is not to pass for one. */
async function identify({ input, format }: FfmpegSettings): Promise<VideoDevice> {
  if (isRegularFile(input)) return { model: 'virtual: a file', serial: '' };
  return (await videoDevice(input)) ?? { model: format ?? 'ffmpeg source', serial: '' };
}

/** Exported for a test: what ffmpeg is asked to do. */
export function ffmpegArguments(settings: FfmpegSettings): string[] {
  const { input } = settings;
  const format = settings.format ?? (input.startsWith('/dev/video') ? 'v4l2' : undefined);
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin'],
    // Without these ffmpeg holds frames back to guess at a stream that the format already tells.
    ...['-fflags', 'nobuffer', '-analyzeduration', '0'],
    ...(isRegularFile(input) ? ['-re', '-stream_loop', '-1'] : []),
    ...(format === undefined ? [] : ['-f', format]),
    ...(format === 'v4l2' ? ['-input_format', 'mjpeg'] : []),
    ...['-i', input, '-map', '0:v:0', '-c:v', 'copy', '-flush_packets', '1', '-f', 'mjpeg', 'pipe:1'],
  ];
}

function isRegularFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** What ffmpeg prints for the errno of an input that it cannot open. */
const EXIT_ERRORS: readonly (readonly [RegExp, DeviceErrorCode, string])[] = [
  [/No such file or directory|No such device/i, 'DEVICE_NOT_FOUND', 'there is no such device or file'],
  [/Permission denied|Operation not permitted/i, 'DEVICE_NO_PERMISSION', 'this user may not open it'],
  [/Device or resource busy/i, 'DEVICE_IN_USE', 'another process holds it'],
  [
    /Connection refused|Connection timed out|Network is unreachable/i,
    'DEVICE_NOT_FOUND',
    'nothing answers there',
  ],
  [
    /Invalid data|Invalid argument|does not contain any stream|matches no streams|not currently supported/i,
    'DEVICE_PROTOCOL',
    'it carries no MJPEG',
  ],
];

function exitError(location: string, exitCode: number | null, stderrTail: string): DeviceError {
  for (const [pattern, code, meaning] of EXIT_ERRORS) {
    if (pattern.test(stderrTail))
      return new DeviceError(code, `${location}: ${meaning}`, { cause: stderrTail });
  }
  return new DeviceError('DEVICE_GONE', `${location}: ffmpeg ended with ${exitCode ?? 'a signal'}`, {
    cause: stderrTail,
  });
}
