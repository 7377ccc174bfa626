/** How an applicant finds out in whose name a SIM is registered. The kiosk shows it, and never sends it. */
import { LAW } from './law.ts';

export interface SimCheck {
  /** Exactly what has to be sent. */
  readonly message: string;
  readonly number: string;
  /** For a QR code: opens the telephone's message with number and text filled in. */
  readonly uri: string;
}

/** @param travelDocumentNumber as in the machine-readable zone */
export function simCheck(travelDocumentNumber: string): SimCheck {
  const { keyword, number } = LAW.sim;
  const message = `${keyword} ${travelDocumentNumber}`;
  return { message, number, uri: `SMSTO:${number}:${message}` };
}
