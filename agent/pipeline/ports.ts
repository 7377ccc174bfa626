/** How the pipelines reach devices that somebody else keeps open and that may be away at the moment. */
import type { CameraFrame, DeviceIdentity } from '../../drivers/device.ts';

export interface DeviceUse<Device> {
  /** Waits until the device is there, then runs `work` on it. */
  use<T>(work: (device: Device) => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Camera frames, the newest only; waits while the camera is away. */
export interface FrameSource {
  readonly identity: DeviceIdentity;
  frames(signal: AbortSignal): AsyncIterable<CameraFrame>;
}
