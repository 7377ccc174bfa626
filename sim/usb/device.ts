/**
 * A USB device as its model sees itself: descriptors, control requests, endpoints. It is plugged into a virtual machine
 * by usbredir.ts, into another Linux by usbip.ts. Source: USB 2.0 specification chapter 9, Device Class Definition for HID 1.11 chapter 7.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Transfer, UsbFaultInjector, type UsbFaults } from './faults.ts';

export interface UsbEndpoint {
  /** Number, with 0x80 for those to the host. */
  readonly address: number;
  readonly type: 'bulk' | 'interrupt';
  readonly packetBytes: number;
  /** Polling interval in frames of a millisecond; 0 for bulk. */
  readonly interval: number;
}

export interface UsbInterface {
  readonly classCode: number;
  readonly subclass: number;
  readonly protocol: number;
  /** Class-specific descriptors that stand between those of interface and endpoints. */
  readonly classDescriptors: readonly number[];
  /** HID report descriptor. */
  readonly reportDescriptor?: Uint8Array;
  readonly endpoints: readonly UsbEndpoint[];
}

/** What a device is and does; everything that all devices have in common is {@link UsbDevice}'s. */
export interface UsbModel {
  readonly vendorId: number;
  readonly productId: number;
  readonly classCode: number;
  readonly manufacturer: string;
  readonly product: string;
  readonly serial: string;
  readonly interfaces: readonly UsbInterface[];
  /** A class or vendor request: data for the host, `done`, or `stall` for one that it does not know. */
  control(setup: UsbSetup, data: Buffer): ControlAnswer;
  /** Bytes from the host to an endpoint. */
  receive(endpoint: number, bytes: Buffer): void;
  /** It was plugged in: everything begins anew. */
  reset(): void;
}

/** USB 2.0, 9.3. */
export interface UsbSetup {
  readonly type: number;
  readonly request: number;
  readonly value: number;
  readonly index: number;
  readonly length: number;
}

export type ControlAnswer = Buffer | 'done' | 'stall';

/** Puts bytes on an endpoint to the host. */
export type ToHost = (endpoint: number, bytes: Uint8Array) => void;

export const TRANSFER = { control: 0, isochronous: 1, bulk: 2, interrupt: 3 } as const;
export const uint16 = (value: number): number[] => [value & 0xff, value >> 8];

/** Host-to-device, standard, of device, interface or endpoint: CLEAR_FEATURE, SET_FEATURE, SET_CONFIGURATION, SET_INTERFACE. */
const QUIET_REQUESTS = [1, 3, 9, 11];
const DESCRIPTOR = { device: 1, configuration: 2, string: 3, report: 0x22 } as const;
/** English (United States), the only language of the strings. */
const LANGUAGE = [4, 3, 9, 4];

export class UsbDevice<M extends UsbModel = UsbModel> {
  readonly model: M;
  readonly #faults = new UsbFaultInjector();
  readonly #toHost = new Map<number, Transfer[]>();
  readonly #waiting = new Map<number, ((transfer: Transfer) => void)[]>();
  #unplug = () => {};
  /** What was sent before it was plugged in anew does not arrive any more. */
  #plugged = 0;
  #arrival: Promise<void> = Promise.resolve();

  constructor(make: (toHost: ToHost) => M) {
    this.model = make((endpoint, bytes) => this.#send(endpoint, bytes));
  }

  /** @param unplug pulls the cable; for a fault that does so */
  arm(faults: UsbFaults, unplug: () => void = () => {}): void {
    this.#faults.arm(faults);
    this.#unplug = unplug;
  }

  /** Plugged in anew: nothing of before is sent or answered. */
  reset(): void {
    this.#plugged += 1;
    this.#toHost.clear();
    this.#waiting.clear();
    this.model.reset();
  }

  control(setup: UsbSetup, data: Buffer): ControlAnswer {
    const { type, request } = setup;
    if (type === 0x80 && request === 6) return this.#descriptor(setup.value >> 8, setup.value & 0xff);
    if (type === 0x81 && request === 6 && setup.value >> 8 === DESCRIPTOR.report) {
      const own = this.model.interfaces[setup.index]?.reportDescriptor;
      return own ? Buffer.from(this.#faults.reportDescriptor ?? own) : 'stall';
    }
    // GET_STATUS, GET_CONFIGURATION, GET_INTERFACE.
    if ((type & 0xe0) === 0x80 && request === 0) return Buffer.from([0, 0]);
    if (type === 0x80 && request === 8) return Buffer.from([1]);
    if (type === 0x81 && request === 10) return Buffer.from([0]);
    if ((type & 0xe0) === 0 && QUIET_REQUESTS.includes(request)) return 'done';
    return this.#faults.refuses() ? 'stall' : this.model.control(setup, data);
  }

  receive(endpoint: number, bytes: Buffer): void {
    this.model.receive(endpoint, bytes);
  }

  /** Calls `take` with the next transfer of an endpoint. @returns what takes the wish back */
  pull(endpoint: number, take: (transfer: Transfer) => void): () => void {
    const ready = this.#toHost.get(endpoint)?.shift();
    if (ready) {
      take(ready);
      return () => {};
    }
    const waiting = this.#waiting.get(endpoint) ?? [];
    this.#waiting.set(endpoint, waiting);
    waiting.push(take);
    return () => {
      const at = waiting.indexOf(take);
      if (at >= 0) waiting.splice(at, 1);
    };
  }

  #send(endpoint: number, bytes: Uint8Array): void {
    const transfer = this.#faults.change(bytes);
    const { slowMs } = this.#faults;
    if (transfer === undefined) this.#unplug();
    else if (slowMs === 0) this.#push(endpoint, transfer);
    else {
      const plugged = this.#plugged;
      this.#arrival = this.#arrival.then(async () => {
        await sleep(slowMs);
        if (plugged === this.#plugged) this.#push(endpoint, transfer);
      });
    }
  }

  #push(endpoint: number, transfer: Transfer): void {
    const take = this.#waiting.get(endpoint)?.shift();
    if (take) take(transfer);
    else this.#queue(endpoint).push(transfer);
  }

  #queue(endpoint: number): Transfer[] {
    const queue = this.#toHost.get(endpoint) ?? [];
    this.#toHost.set(endpoint, queue);
    return queue;
  }

  #descriptor(kind: number, index: number): ControlAnswer {
    const { classCode, vendorId, productId, manufacturer, product } = this.model;
    const serial = this.#faults.serial ?? this.model.serial;
    if (kind === DESCRIPTOR.device) {
      const ids = [...uint16(vendorId), ...uint16(productId), ...uint16(0x100)];
      return Buffer.from([18, 1, ...uint16(0x200), classCode, 0, 0, 64, ...ids, 1, 2, 3, 1]);
    }
    if (kind === DESCRIPTOR.configuration) return this.#configuration();
    if (kind !== DESCRIPTOR.string) return 'stall';
    if (index === 0) return Buffer.from(LANGUAGE);
    const text = [manufacturer, product, serial][index - 1];
    if (text === undefined) return 'stall';
    const letters = Buffer.from(text, 'utf16le');
    return Buffer.concat([Buffer.from([letters.length + 2, 3]), letters]);
  }

  #configuration(): Buffer {
    const body = this.model.interfaces.flatMap((each, number) => [
      ...[9, 4, number, 0, each.endpoints.length, each.classCode, each.subclass, each.protocol, 0],
      ...each.classDescriptors,
      ...each.endpoints.flatMap(({ address, type, packetBytes, interval }) => [
        ...[7, 5, address, TRANSFER[type], ...uint16(packetBytes), interval],
      ]),
    ]);
    const head = [9, 2, ...uint16(9 + body.length), this.model.interfaces.length, 1, 0, 0x80, 50];
    return Buffer.from([...head, ...body]);
  }
}
