import { DeviceError } from '../device.ts';
import type { BaudLink } from '../link/link.ts';
import { confirmation } from './confirmation.ts';
import type { Dialogue } from './dialogue.ts';
import { decodeSystemParameters, type SystemParameters } from './wire.ts';

/** A sensor answers VfyPwd at once: question and answer take 29 ms at 9600 baud. The rest is for a busy machine. */
const PROBE_DEADLINE_MS = 250;
/** 9600 * (1..12) (ZFM-70 manual chapter 4, baud rate control), the speeds found in the field first. */
const BAUDS = [
  57_600, 115_200, 9_600, 19_200, 38_400, 28_800, 48_000, 67_200, 76_800, 86_400, 96_000, 105_600,
] as const;
/** A sensor that heard noise at a wrong speed may still wait for the rest of what it took for a packet. */
const PROBES_PER_BAUD = 2;

/**
 * Leaves `link` at the first speed at which a sensor answers.
 * @throws DeviceError DEVICE_TIMEOUT when there is none
 */
export async function findBaud(
  link: BaudLink,
  dialogue: Dialogue,
  options: { readonly password: number; readonly likelyBaud: number },
  signal: AbortSignal,
): Promise<void> {
  for (const baud of new Set([options.likelyBaud, ...BAUDS])) {
    await link.setBaud(baud);
    for (let probe = 0; probe < PROBES_PER_BAUD; probe += 1) {
      if (await answers(dialogue, options.password, signal)) return;
    }
  }
  throw new DeviceError(
    'DEVICE_TIMEOUT',
    `${link.location}: no R30x sensor answers at any speed of 9600 to 115200 baud`,
  );
}

async function answers(dialogue: Dialogue, password: number, signal: AbortSignal): Promise<boolean> {
  const before = dialogue.framesHeard;
  try {
    await dialogue.ask({ name: 'VfyPwd', password }, signal, PROBE_DEADLINE_MS);
    return true;
  } catch (error) {
    if (
      !(error instanceof DeviceError) ||
      (error.code !== 'DEVICE_TIMEOUT' && error.code !== 'DEVICE_PROTOCOL')
    )
      throw error;
    if (dialogue.framesHeard === before) return false;
    // The speed is right: the sensor is still sending an image that nobody waits for any more.
    await dialogue.hearOut(signal);
    return true;
  }
}

/**
 * Verifies the password and reads the parameters.
 * @throws DeviceError DEVICE_WRONG_PASSWORD, DEVICE_TIMEOUT, DEVICE_PROTOCOL or DEVICE_FAULT
 */
export async function signIn(
  dialogue: Dialogue,
  password: number,
  location: string,
  signal: AbortSignal,
): Promise<SystemParameters> {
  const [verified] = await dialogue.ask({ name: 'VfyPwd', password }, signal);
  refuse(verified!, location, 'VfyPwd');
  const answer = await dialogue.ask({ name: 'ReadSysPara' }, signal);
  refuse(answer[0]!, location, 'ReadSysPara');
  const parameters = decodeSystemParameters(answer);
  if (parameters !== undefined) return parameters;
  throw new DeviceError(
    'DEVICE_PROTOCOL',
    `${location}: ReadSysPara answered ${answer.length} bytes that make no sense`,
  );
}

function refuse(code: number, location: string, command: string): void {
  const meaning = confirmation(code);
  if (meaning.kind === 'ok') return;
  const error =
    meaning.kind === 'error'
      ? meaning
      : { code: 'DEVICE_FAULT' as const, meaning: `answered 0x${code.toString(16)}` };
  throw new DeviceError(error.code, `${location}: ${command}: ${error.meaning}`);
}
