import type { DeviceError } from '../device.ts';

/**
 * Bytes in, bytes out: what a device dialogue needs of a serial port, a HID-to-UART bridge or a process.
 * A link is open from its creation until {@link Link.close}; it is never reopened, a new one is made instead.
 */
export interface Link extends AsyncDisposable {
  /** What it hangs on: a tty path, a command name. */
  readonly location: string;
  /** What the bytes are (a Content-Type), where the far side or the program at it says so. */
  readonly mediaType?: string;
  /** Resolves with the reason once the link is dead (unplugged, process ended); stays pending while it lives. */
  readonly lost: Promise<DeviceError>;
  /** Resolves when the operating system has taken the bytes. @throws DeviceError when the link is dead. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * All bytes that have arrived since the last read; waits for at least one.
   * @throws DeviceError when the link is dead, the abort reason when `signal` aborts (no byte is lost then).
   */
  read(signal: AbortSignal): Promise<Uint8Array>;
  /** Releases the handle; safe to call twice. */
  close(): Promise<void>;
}

/** A link whose line speed can be changed while it is open. */
export interface BaudLink extends Link {
  /** @param baud bits per second; @throws DeviceError when the hardware refuses the speed. */
  setBaud(baud: number): Promise<void>;
}
