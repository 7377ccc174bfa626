/** What can go wrong with a sensor and its cable. Arm one by setting it; each count starts at the moment it is set. */
export interface SensorFaults {
  /** The n-th packet from now, counted from 1, is sent with a wrong checksum. */
  corruptPacket?: number;
  /** Every packet is sent with a wrong checksum. */
  corruptAll?: boolean;
  /** After this many more bytes the sensor falls silent until it is plugged in again or the faults are cleared. */
  stopAfterBytes?: number;
  /** After this many more bytes the cable is pulled. */
  unplugAfterBytes?: number;
  /** That many finger images fail (confirmation code 03H). */
  imagingFailures?: number;
  /** Noise that is sent before the next packet. */
  noise?: Uint8Array;
  /** Uploads end this many bytes early, with correct checksums. */
  shortenUploadBytes?: number;
}

export type FaultOutcome = 'sent' | 'stopped' | 'unplugged';

/** Changes packets on their way to the host as the armed faults say. */
export class FaultInjector {
  armed: SensorFaults = {};
  #silent = false;

  arm(faults: SensorFaults): void {
    this.armed = { ...this.armed, ...faults };
  }

  clear(): void {
    this.armed = {};
    this.#silent = false;
  }

  /** Forgets what ended with the cable being pulled. */
  replugged(): void {
    this.#silent = false;
    delete this.armed.stopAfterBytes;
    delete this.armed.unplugAfterBytes;
  }

  apply(packet: Uint8Array): { readonly bytes: Uint8Array; readonly outcome: FaultOutcome } {
    if (this.#silent) return { bytes: new Uint8Array(0), outcome: 'stopped' };
    let bytes = this.#corrupt(packet);
    if (this.armed.noise !== undefined) {
      bytes = Buffer.concat([this.armed.noise, bytes]);
      delete this.armed.noise;
    }
    const { stopAfterBytes, unplugAfterBytes } = this.armed;
    if (stopAfterBytes !== undefined && bytes.length >= stopAfterBytes) {
      this.#silent = true;
      delete this.armed.stopAfterBytes;
      return { bytes: bytes.subarray(0, stopAfterBytes), outcome: 'stopped' };
    }
    if (unplugAfterBytes !== undefined && bytes.length >= unplugAfterBytes) {
      this.#silent = true;
      delete this.armed.unplugAfterBytes;
      return { bytes: bytes.subarray(0, unplugAfterBytes), outcome: 'unplugged' };
    }
    if (stopAfterBytes !== undefined) this.armed.stopAfterBytes = stopAfterBytes - bytes.length;
    if (unplugAfterBytes !== undefined) this.armed.unplugAfterBytes = unplugAfterBytes - bytes.length;
    return { bytes, outcome: 'sent' };
  }

  #corrupt(packet: Uint8Array): Uint8Array {
    const { corruptPacket } = this.armed;
    if (corruptPacket !== undefined) {
      if (corruptPacket > 1) this.armed.corruptPacket = corruptPacket - 1;
      else delete this.armed.corruptPacket;
    }
    if (this.armed.corruptAll !== true && corruptPacket !== 1) return packet;
    const damaged = Uint8Array.from(packet);
    damaged[damaged.length - 1]! ^= 0x5a;
    return damaged;
  }
}
