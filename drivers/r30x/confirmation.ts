import type { CaptureAdvice, DeviceErrorCode } from '../device.ts';

/**
 * What a confirmation code asks for: go on, ask the sensor again, tell the applicant, or call an officer.
 * Source: ZFM-70 user manual 5.2 "Check and acknowledgement of data package", with the additions of R503 manual 1.2.2.
 */
export type Confirmation =
  | { readonly kind: 'ok' }
  | { readonly kind: 'no-finger' }
  | { readonly kind: 'resend'; readonly meaning: string }
  | { readonly kind: 'advice'; readonly reason: CaptureAdvice }
  | { readonly kind: 'error'; readonly code: DeviceErrorCode; readonly meaning: string };

const CONFIRMATIONS: Readonly<Record<number, Confirmation>> = {
  0: { kind: 'ok' },
  1: { kind: 'resend', meaning: 'the sensor received a damaged packet' },
  2: { kind: 'no-finger' },
  // The sensor saw a finger and could not make an image of it: laying it down anew is what helps.
  3: { kind: 'advice', reason: 'place_finger' },
  4: { kind: 'advice', reason: 'finger_too_dry' },
  5: { kind: 'advice', reason: 'finger_too_wet' },
  6: { kind: 'advice', reason: 'finger_moved' },
  7: { kind: 'advice', reason: 'press_harder' },
  8: error('the two templates do not match'),
  9: error('no matching template in the library'),
  10: error('the two templates could not be combined'),
  11: error('the page number is beyond the library'),
  12: error('the template could not be read from the library'),
  13: error('the template could not be uploaded'),
  14: error('the sensor cannot receive the following data packets'),
  15: error('the image could not be uploaded'),
  16: error('the template could not be deleted'),
  17: error('the library could not be cleared'),
  19: { kind: 'error', code: 'DEVICE_WRONG_PASSWORD', meaning: 'the handshake password is wrong' },
  21: error('the image buffer holds no valid image'),
  24: error('the flash memory could not be written'),
  25: error('undefined error of the sensor'),
  26: error('the register number is invalid'),
  27: error('the register setting is wrong'),
  28: error('the notepad page number is wrong'),
  29: error('the communication port failed'),
  32: error('the module address is wrong'),
  33: { kind: 'error', code: 'DEVICE_WRONG_PASSWORD', meaning: 'the password must be verified first' },
};

function error(meaning: string): Confirmation {
  return { kind: 'error', code: 'DEVICE_FAULT', meaning };
}

/** @param code first byte of an acknowledgement; an unknown code is a fault that names it. */
export function confirmation(code: number): Confirmation {
  return CONFIRMATIONS[code] ?? error(`unknown confirmation code 0x${code.toString(16).padStart(2, '0')}`);
}
