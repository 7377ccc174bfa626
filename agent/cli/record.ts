import { Command, Option } from 'commander';
import { Tape } from '../../drivers/link/tape.ts';
import { deviceOpeners } from '../compose.ts';
import { loadConfig } from '../ops/config.ts';
import { VantayError } from '../ops/errors.ts';
import { print } from './exit.ts';

const ROLES = ['finger_scanner', 'document_reader', 'code_scanner', 'camera'] as const;
type Role = (typeof ROLES)[number];
type Openers = ReturnType<typeof deviceOpeners>;

interface RecordOptions {
  readonly config: string;
  readonly device: Role;
  readonly to: string;
  readonly seconds: string;
  readonly json?: boolean;
}

/** `vantay devices record`: uses one device once and keeps all that went over its link. */
export function recordVerb(): Command {
  return new Command('record')
    .description(
      "keep every byte of one use of a device, with its time: the technician's, never an applicant's",
    )
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .addOption(new Option('--device <name>', 'what to use').choices(ROLES).makeOptionMandatory())
    .requiredOption('--to <file>', 'recording to make; it holds the finger, face or document shown')
    .option('--seconds <number>', 'longest wait; a camera is watched for so long', '30')
    .option('--json', 'print one JSON object')
    .action(async ({ config, device, to, seconds, json }: RecordOptions) => {
      await using tape = await Tape.create(to).catch(cause => {
        throw new VantayError('FILE_NOT_MADE', `cannot make ${to}`, { cause });
      });
      const openers = deviceOpeners(loadConfig(config, process.env), tape.tap);
      const seen = await USE_OF[device](openers, AbortSignal.timeout(Number(seconds) * 1000));
      print(json, { device, seen, to }, () => `${device}: ${seen}, recorded in ${to}`);
    });
}

const USE_OF: Readonly<Record<Role, (open: Openers, signal: AbortSignal) => Promise<string>>> = {
  finger_scanner: async (open, signal) => {
    await using scanner = await open.finger_scanner(signal);
    const capture = await scanner.capture(signal);
    return capture.kind === 'advice' ? `no image: ${capture.reason}` : 'one image';
  },
  document_reader: (open, signal) => readOnce(open.document_reader, signal),
  code_scanner: (open, signal) => {
    if (!open.code_scanner) throw new VantayError('CONFIG_INVALID', 'devices.codeScanner is not configured');
    return readOnce(open.code_scanner, signal);
  },
  camera: async (open, signal) => {
    await using camera = await open.camera(signal);
    let frames = 0;
    try {
      for await (const _ of camera.frames(signal)) frames += 1;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return `${frames} frames`;
  },
};

async function readOnce(open: Openers['document_reader'], signal: AbortSignal): Promise<string> {
  await using reader = await open(signal);
  const reading = await reader.read(signal);
  return reading.kind === 'zone' ? `${reading.lines.length} lines` : 'a code';
}
