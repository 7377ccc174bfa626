/**
 * The error catalogue: every code that can reach a screen, a log or a command line, with its cause and its remedy.
 * ERRORS.md is generated from it.
 */
import type { DeviceErrorCode } from '../../drivers/device.ts';
import type { ModelErrorCode } from '../../models/index.ts';
import { KEY_ERRORS } from '../keys/errors.ts';
import { OUTBOX_ERRORS } from '../outbox/errors.ts';
import { PACKET_ERRORS } from '../packet/errors.ts';
import { CACHE_ERRORS } from '../records/cache/errors.ts';
import { UPLINK_ERRORS } from '../uplink/errors.ts';

export interface ErrorEntry {
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
}

type Entries<Code extends string> = Readonly<
  Record<Code, { readonly cause: string; readonly remedy: string }>
>;

const DEVICES: Entries<DeviceErrorCode> = {
  DEVICE_NOT_FOUND: {
    cause: 'The device is not plugged in, or the configured path or address is wrong.',
    remedy:
      'Check the cable, the device service where it has one, and `devices` in the configuration; `vantay devices` lists what is there.',
  },
  DEVICE_IN_USE: {
    cause: 'Another process holds the device.',
    remedy:
      'Stop the other process (the message or `fuser PATH` names it); only one agent may run on a kiosk.',
  },
  DEVICE_NO_PERMISSION: {
    cause: "The agent's user may not open the device.",
    remedy: "Install the udev rules, or add the user to the device's group (dialout, video, plugdev).",
  },
  DEVICE_GONE: {
    cause: 'The device was unplugged or reset while in use.',
    remedy: 'Plug it in again; the agent goes on by itself. If it comes and goes, replace cable or hub.',
  },
  DEVICE_TIMEOUT: {
    cause: 'The device stopped answering.',
    remedy: 'Wait for the automatic restart; if it stays, unplug the device for ten seconds.',
  },
  DEVICE_PROTOCOL: {
    cause: 'The device sends what its protocol does not allow: a wrong device, line speed, or a bad cable.',
    remedy: 'Check model, baud rate and cable against the configuration.',
  },
  DEVICE_WRONG_PASSWORD: {
    cause: "The sensor refuses the agent's password.",
    remedy: 'Set `devices.fingerScanner.password` to the password of this sensor.',
  },
  DEVICE_FAULT: {
    cause: 'The device reports a fault of its own.',
    remedy: 'Restart the device; replace it if the fault stays.',
  },
  DEVICE_FROZEN: {
    cause: 'The camera sends the same picture again and again.',
    remedy: 'Unplug the camera for ten seconds; replace it if it freezes again.',
  },
  DEVICE_BLACK: {
    cause: 'The camera sees nothing but black.',
    remedy: 'Remove the cover from the lens; switch the light on.',
  },
  DEVICE_SATURATED: {
    cause: 'The camera sees nothing but white.',
    remedy: 'Turn the camera away from the light, or reduce its exposure.',
  },
  DEVICE_NOT_REGISTERED: {
    cause:
      'The device service says that its device is not registered, so it signs nothing that could be believed.',
    remedy: "Register the device with its maker's management server, then restart its service.",
  },
  DEVICE_TRUST_FILE: {
    cause: "The device's `trustFile` cannot be read, or holds no certificate.",
    remedy:
      "Put the certificates of the authorities of the device's maker there, PEM, readable by the agent.",
  },
  DEVICE_SIGNATURE: {
    cause: 'What the device service sent is not signed, or its signature does not hold.',
    remedy:
      'Take the device out of use and find out what stands between it and the agent; nothing was taken from it.',
  },
  DEVICE_CERTIFICATE: {
    cause: "The device's certificate does not lead to an authority in `trustFile`.",
    remedy: "Add the authority of the device's maker, if it is one to be believed; else replace the device.",
  },
  DEVICE_CERTIFICATE_ENDED: {
    cause:
      "A certificate of the device or of its maker has ended, or is not valid yet, or this machine's clock is wrong.",
    remedy: "Set the clock; have the device's key rotated by its maker's management server.",
  },
  DEVICE_HASH: {
    cause: 'The hash of a sample is not the one of its data after the samples before it.',
    remedy: 'Restart the device service; if it stays, take the device out of use. Nothing was taken from it.',
  },
  DEVICE_REPLAYED: {
    cause: 'The device service sent a sample that it had sent before, or one of another hour.',
    remedy: 'Set the clocks; if it stays, take the device out of use. Nothing was taken from it.',
  },
  DEVICE_OTHER_TRANSACTION: {
    cause: 'The device service answered with a sample of another transaction.',
    remedy: 'Restart the device service; if it stays, take the device out of use. Nothing was taken from it.',
  },
  DEVICE_OTHER_DEVICE: {
    cause: 'A sample was signed by, or names, another device than the one that was opened.',
    remedy: 'Let only one device service of this kind run; check which devices are plugged in.',
  },
  DEVICE_TRUST_LEVEL: {
    cause: 'The device is certified for a lower level of trust than `minimumTrust` asks for.',
    remedy: 'Use a device that signs inside (L1), or let `minimumTrust` be L0 if the office may.',
  },
};

const MODELS: Entries<ModelErrorCode> = {
  MODEL_MISSING: {
    cause: 'A model file is not there.',
    remedy: 'Run `npm ci` again; `vantay doctor` names the file.',
  },
  MODEL_HASH: {
    cause: 'A model file is not the one its card describes.',
    remedy: 'Restore the file from the release; never run a kiosk on an unknown model.',
  },
  MODEL_INVALID: {
    cause: 'A model file cannot be loaded by the runtime.',
    remedy: 'Restore the file from the release.',
  },
  MODEL_PROFILE: {
    cause: 'The profile of a face embedding is not as it has to be; the message names the value.',
    remedy: 'Mend the profile; `vantay models check --profile FILE` says whether it will do.',
  },
  MODEL_INPUT: {
    cause: 'A model was given something that is no picture or template.',
    remedy: 'Take the capture again.',
  },
  MODEL_TIMEOUT: {
    cause: 'A model did not answer in time; its process was restarted.',
    remedy: 'Nothing, if it happens once. If often: the machine is overloaded.',
  },
  MODEL_BUSY: {
    cause: 'More work waits for the models than they can do, or the gallery is still being filled.',
    remedy: 'Nothing: newer work goes first, and a gallery is filled within a minute or so.',
  },
  MODEL_CRASHED: {
    cause: 'The model process ended unexpectedly; it was restarted.',
    remedy: 'Nothing, if it happens once. If often: check memory, and report the log.',
  },
};

const AGENT = {
  LOOP_STANDS_STILL: {
    cause:
      'A part of the agent has not moved within the time it gave itself: the visit, the line to the broker, a device.',
    remedy:
      'Nothing, if it happens once: the service manager starts the agent anew. If often, report the log.',
  },
  CONFIG_NOT_FOUND: {
    cause: 'The configuration file cannot be read.',
    remedy: 'Give its path with --config, or create it; `vantay schema config` describes it.',
  },
  CONFIG_SYNTAX: {
    cause: 'The configuration file is no valid YAML.',
    remedy: 'Mend the line that the message names.',
  },
  CONFIG_INVALID: {
    cause: 'The configuration has unknown keys or values out of range.',
    remedy: 'Mend the lines that the message names; `vantay config check` lists them all.',
  },
  PORT_IN_USE: {
    cause: "The screen's port is taken by another process.",
    remedy: 'Stop the other process, or set another `screen.port` (0 takes any free one).',
  },
  KEY_UNREADABLE: {
    cause: 'A key or certificate file is missing or not what it should be.',
    remedy: 'Check the files under `keys` and `mqtt` in the configuration.',
  },
  STATE_DIR: {
    cause: 'The state folder cannot be created or written.',
    remedy: 'Check `stateDir`, its owner and the free space of its disk.',
  },
  DISK_LOW: {
    cause: 'The disk of the state folder is nearly full: soon new visits would be refused.',
    remedy: 'Free space on the disk of `stateDir`; packets leave it once the backend has received them.',
  },
  CLOCK_UNKNOWN: {
    cause: "Nobody vouches for this machine's clock, so packets say that their times may be wrong.",
    remedy: 'Have the clock set over the network: `timedatectl set-ntp true` (systemd-timesyncd).',
  },
  FILES_OPEN: {
    cause:
      'Keys, PINs or the state folder can be read, or the configuration written, by others than the agent.',
    remedy: 'Take the rights away: `chmod go= FILE`; `chmod go-w` for the configuration.',
  },
  MEMORY_ON_DISK: {
    cause:
      "The agent's memory, which holds faces, fingers and names, could be written to a disk in the clear.",
    remedy:
      'Install util-linux (prlimit) against core files, start Node without the options that are named, encrypt the swap or switch it off.',
  },
  BROKER_UNGUARDED: {
    cause:
      'The line to the broker is in the clear, or believes any authority, or this kiosk has no certificate for it.',
    remedy:
      'On a kiosk use `mqtts://` with `mqtt.caFile`, `mqtt.certificateFile` and `mqtt.keyFile`. Packets are sealed either way; names of kiosks and times of visits are not.',
  },
  USAGE: {
    cause: 'The command line has a word or option that is not known.',
    remedy: 'See `vantay --help`.',
  },
  FILE_NOT_MADE: {
    cause: 'A file that the command is to make exists already, or cannot be made there.',
    remedy: 'Name another file, in a folder that this user may write to.',
  },
  FILE_UNREADABLE: {
    cause: 'A file given on the command line cannot be read.',
    remedy: 'Check the path, and that it is the file that the command asks for.',
  },
  SCHEMA_OUTDATED: {
    cause: 'The committed schemas are not what the code generates.',
    remedy: 'Run `npm run vantay -- schema --write` and commit.',
  },
  INPUT_INVALID: { cause: 'The page sent something that is no input.', remedy: 'Reload the page.' },
  INPUT_NOT_EXPECTED: {
    cause: 'The input does not fit the step of the moment; nothing changed.',
    remedy: 'Nothing: the page shows the right step in a moment.',
  },
  NOT_FROM_KIOSK: {
    cause: 'The request does not come from the kiosk page.',
    remedy: 'Open the address that the agent prints, on the kiosk itself.',
  },
  OFFICER_FILE: {
    cause: 'The file of officers in the state folder is not as it should be.',
    remedy: 'Restore it from a backup, or remove it and invite the officers again: `vantay officer invite`.',
  },
  OFFICER_PINS: {
    cause: 'Officers can sign in by PIN: `officer.developmentPins` is set. That is for development only.',
    remedy:
      'Remove `officer.developmentPins`; invite officers to register passkeys: `vantay officer invite`.',
  },
  SIGN_IN_NEEDED: {
    cause: "Nobody is signed in at the officer's console, or the sign-in has run out.",
    remedy: 'Sign in again.',
  },
  SIGN_IN_REFUSED: {
    cause: 'The passkey, PIN or invitation is not one that lets anybody in.',
    remedy: 'Use the passkey that was registered here; `vantay officer invite` lets another be registered.',
  },
  SECOND_OFFICER_NEEDED: {
    cause: 'The policy of this office asks for another officer to agree.',
    remedy: 'Let another officer use their own passkey.',
  },
  ROLE_TOO_LOW: {
    cause: 'This is for supervisors.',
    remedy: 'Ask a supervisor.',
  },
  TOO_MANY_REQUESTS: {
    cause: 'Another program on the kiosk floods the screen API.',
    remedy: 'Find and end it; the page needs a few requests a second.',
  },
  NOT_FOUND: { cause: 'There is nothing at this address now.', remedy: 'Nothing.' },
  UNEXPECTED: { cause: 'A fault in the agent itself.', remedy: 'Report it with the log of the same minute.' },
} as const satisfies Entries<string>;

export type AgentErrorCode = keyof typeof AGENT;

const listed = (entries: Entries<string>): ErrorEntry[] =>
  Object.entries(entries).map(([code, texts]) => ({ code, ...texts }));

/** Every code, in the order of ERRORS.md. */
export const ERROR_CATALOGUE: readonly ErrorEntry[] = [
  ...listed(AGENT),
  ...listed(DEVICES),
  ...listed(MODELS),
  ...KEY_ERRORS,
  ...PACKET_ERRORS,
  ...OUTBOX_ERRORS,
  ...CACHE_ERRORS,
  ...UPLINK_ERRORS,
];

const byCode = new Map(ERROR_CATALOGUE.map(entry => [entry.code, entry]));

/** The catalogue's entry of an error that carries a code of ours; that of UNEXPECTED for any other. */
export function entryOf(error: unknown): ErrorEntry {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return byCode.get(code) ?? byCode.get('UNEXPECTED')!;
}

/** A failure of the agent that a person must mend. The message says what, the catalogue says how to mend it. */
export class VantayError extends Error {
  override readonly name = 'VantayError';
  readonly code: AgentErrorCode;
  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** ERRORS.md as it is committed. */
export function errorsMarkdown(): string {
  const rows = ERROR_CATALOGUE.map(({ code, cause, remedy }) => `| \`${code}\` | ${cause} | ${remedy} |`);
  return [
    '# Errors',
    '',
    'Every code the agent can show, with its cause and remedy. Generated from the catalogue by `vantay schema --write`.',
    '',
    '| code | cause | remedy |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
