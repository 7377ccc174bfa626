/** One reader of the camera for everybody who looks at it: the portrait, the preview, the watchdog. */
import type { Camera, CameraFrame, DeviceIdentity } from '../../drivers/device.ts';
import { Pulse } from '../ops/pulse.ts';
import type { DeviceUse, FrameSource } from './ports.ts';

/** Longest between two frames, milliseconds: the drivers give a silent camera up long before. */
const FRAME_MS = 60_000;

const UNKNOWN: DeviceIdentity = { driver: '', model: '', serial: '', location: '' };

/** A promise that may be rejected while nobody waits for it: the next look at the signal tells. */
function wakeUp(): PromiseWithResolvers<void> {
  const wake = Promise.withResolvers<void>();
  wake.promise.catch(() => undefined);
  return wake;
}

/**
 * Reads the camera as long as it runs, so that a frozen or covered camera is known before somebody stands before it.
 * Frames live only until the next one; a slow viewer misses frames and never sees an old one.
 */
export class CameraFeed implements FrameSource, AsyncDisposable {
  /** Late when a camera that works is not read. */
  readonly pulse = new Pulse();
  readonly #viewers = new Set<(frame: CameraFrame) => void>();
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;
  #identity: DeviceIdentity = UNKNOWN;

  constructor(camera: DeviceUse<Camera>) {
    this.#reading = this.#read(camera);
  }

  get identity(): DeviceIdentity {
    return this.#identity;
  }

  async *frames(signal: AbortSignal): AsyncGenerator<CameraFrame, void, undefined> {
    let newest: CameraFrame | null = null;
    let wake = wakeUp();
    const viewer = (frame: CameraFrame) => {
      newest = frame;
      wake.resolve();
    };
    const ended = AbortSignal.any([signal, this.#stop.signal]);
    const aborted = () => wake.reject(ended.reason);
    ended.addEventListener('abort', aborted, { once: true });
    this.#viewers.add(viewer);
    try {
      for (;;) {
        ended.throwIfAborted();
        await wake.promise;
        wake = wakeUp();
        if (newest) yield newest;
        newest = null;
      }
    } finally {
      this.#viewers.delete(viewer);
      ended.removeEventListener('abort', aborted);
    }
  }

  async #read(camera: DeviceUse<Camera>): Promise<void> {
    const { signal } = this.#stop;
    try {
      await camera.use(async device => {
        this.#identity = device.identity;
        try {
          this.pulse.within(FRAME_MS);
          for await (const frame of device.frames(signal)) {
            this.pulse.within(FRAME_MS);
            for (const viewer of this.#viewers) viewer(frame);
          }
        } finally {
          this.pulse.rest();
        }
      }, signal);
    } catch (error) {
      // `use` comes back from every fault of the device; only the end of the feed ends it.
      if (!signal.aborted) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the camera feed stops'));
    await this.#reading;
  }
}
