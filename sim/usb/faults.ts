/** What can go wrong on a USB device's way to the host. Each is armed, and done with when it has happened so often. */

/** What a transfer to the host carries: bytes, or how it failed (USB 2.0, 5.8.4 and 8.7.4). */
export type Transfer = Uint8Array | 'stall' | 'babble';

export interface UsbFaults {
  /** After this many more bytes to the host the cable is pulled; the packet that would pass it is not sent whole. */
  readonly unplugAfterBytes?: number;
  /** So many class and vendor requests are refused. */
  readonly stallRequests?: number;
  /** So many transfers to the host go well before any of the next three. */
  readonly soundTransfers?: number;
  /** So many transfers to the host end with a halted endpoint; the bytes are lost. */
  readonly stallTransfers?: number;
  /** So many transfers to the host go on beyond what the host asked for; it throws them away. */
  readonly babbleTransfers?: number;
  /** So many reports end after {@link shortBytes} bytes. */
  readonly shortTransfers?: number;
  readonly shortBytes?: number;
  /** So much later each transfer to the host comes, in milliseconds, as long as this is armed. */
  readonly slowMs?: number;
  /** Told to the host in the place of the device's own, as long as this is armed. */
  readonly reportDescriptor?: Uint8Array;
  readonly serial?: string;
}

type Counted = 'stallRequests' | 'soundTransfers' | 'stallTransfers' | 'babbleTransfers' | 'shortTransfers';

export class UsbFaultInjector {
  #armed: UsbFaults = {};

  /** In the place of what was armed before. */
  arm(faults: UsbFaults): void {
    this.#armed = faults;
  }

  get slowMs(): number {
    return this.#armed.slowMs ?? 0;
  }

  get reportDescriptor(): Uint8Array | undefined {
    return this.#armed.reportDescriptor;
  }

  get serial(): string | undefined {
    return this.#armed.serial;
  }

  /** Whether a class or vendor request is to be refused. */
  refuses(): boolean {
    return this.#once('stallRequests');
  }

  /** What becomes of bytes on their way to the host; undefined when the cable is pulled instead. */
  change(bytes: Uint8Array): Transfer | undefined {
    const { unplugAfterBytes, shortBytes = 0 } = this.#armed;
    if (unplugAfterBytes !== undefined) {
      if (bytes.length > unplugAfterBytes) {
        this.#armed = { ...this.#armed, unplugAfterBytes: Number.POSITIVE_INFINITY };
        return undefined;
      }
      this.#armed = { ...this.#armed, unplugAfterBytes: unplugAfterBytes - bytes.length };
    }
    if (this.#once('soundTransfers')) return bytes;
    if (this.#once('stallTransfers')) return 'stall';
    if (this.#once('babbleTransfers')) return 'babble';
    return this.#once('shortTransfers') ? bytes.subarray(0, shortBytes) : bytes;
  }

  #once(fault: Counted): boolean {
    const left = this.#armed[fault] ?? 0;
    if (left > 0) this.#armed = { ...this.#armed, [fault]: left - 1 };
    return left > 0;
  }
}
