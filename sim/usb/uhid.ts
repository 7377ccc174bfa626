/**
 * A HID device without USB: the kernel is told of it through /dev/uhid. Source: Linux include/uapi/linux/uhid.h and
 * Documentation/hid/uhid.rst. Numbers are in the machine's order, little-endian here.
 */
import { type FileHandle, open } from 'node:fs/promises';

const TYPE = {
  destroy: 1,
  output: 6,
  getReport: 9,
  getReportReply: 10,
  create: 11,
  input: 12,
  setReport: 13,
  setReportReply: 14,
} as const;
/** sizeof(struct uhid_event). */
const EVENT_BYTES = 4_380;
const BUS_USB = 3;
const EIO = 5;

export interface UhidModel {
  readonly name: string;
  readonly serial: string;
  readonly vendorId: number;
  readonly productId: number;
  readonly reportDescriptor: Uint8Array;
  /** A report for the device, its number first. */
  output(report: Buffer): void;
  setFeature(report: Buffer): boolean;
  feature(number: number): Buffer | undefined;
}

export interface UhidDevice extends AsyncDisposable {
  /** A report from the device, its number first. */
  input(report: Uint8Array): Promise<void>;
}

/** @throws the error of the file system where there is no /dev/uhid, or none that this user may open */
export async function createUhid(model: UhidModel): Promise<UhidDevice> {
  const file = await open('/dev/uhid', 'r+');
  await file.write(creation(model));
  const ended = serve(file, model);
  ended.catch(() => {});
  return {
    async input(report) {
      const event = Buffer.alloc(6 + report.length);
      event.writeUInt32LE(TYPE.input);
      event.writeUInt16LE(report.length, 4);
      event.set(report, 6);
      await file.write(event);
    },
    async [Symbol.asyncDispose]() {
      const event = Buffer.alloc(4);
      event.writeUInt32LE(TYPE.destroy);
      await file.write(event);
      await file.close();
    },
  };
}

/** struct uhid_create2_req: name 128, phys 64, uniq 64, rd_size 2, bus 2, vendor 4, product 4, version 4, country 4, rd_data. */
function creation({ name, serial, vendorId, productId, reportDescriptor }: UhidModel): Buffer {
  const event = Buffer.alloc(EVENT_BYTES);
  event.writeUInt32LE(TYPE.create);
  event.write(name, 4, 127);
  event.write('simulated/0', 132, 63);
  event.write(serial, 196, 63);
  event.writeUInt16LE(reportDescriptor.length, 260);
  event.writeUInt16LE(BUS_USB, 262);
  event.writeUInt32LE(vendorId, 264);
  event.writeUInt32LE(productId, 268);
  event.writeUInt32LE(0x100, 272);
  event.set(reportDescriptor, 280);
  return event;
}

async function serve(file: FileHandle, model: UhidModel): Promise<never> {
  const event = Buffer.alloc(EVENT_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(event, 0, EVENT_BYTES, null);
    if (bytesRead === 0) throw new Error('the kernel ended the device');
    const answer = answerTo(Buffer.from(event), model);
    if (answer) await file.write(answer);
  }
}

function answerTo(event: Buffer, model: UhidModel): Buffer | undefined {
  const type = event.readUInt32LE(0);
  const id = event.readUInt32LE(4);
  if (type === TYPE.output) model.output(event.subarray(4, 4 + event.readUInt16LE(4_100)));
  if (type === TYPE.getReport) {
    const report = model.feature(event[8] ?? 0);
    const reply = Buffer.alloc(12 + (report?.length ?? 0));
    reply.writeUInt32LE(TYPE.getReportReply);
    reply.writeUInt32LE(id, 4);
    reply.writeUInt16LE(report ? 0 : EIO, 8);
    reply.writeUInt16LE(report?.length ?? 0, 10);
    if (report) reply.set(report, 12);
    return reply;
  }
  if (type !== TYPE.setReport) return undefined;
  const taken = model.setFeature(Buffer.from(event.subarray(12, 12 + event.readUInt16LE(10))));
  const reply = Buffer.alloc(10);
  reply.writeUInt32LE(TYPE.setReportReply);
  reply.writeUInt32LE(id, 4);
  reply.writeUInt16LE(taken ? 0 : EIO, 8);
  return reply;
}
