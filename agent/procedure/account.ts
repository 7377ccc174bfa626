/** Locking and unlocking an account: which ground follows from the papers, and until when it is decided (Decree 69/2024, Art. 15). */
import { addDays, type CalendarSettings, type Deadline, deadline } from './calendar.ts';
import { LAW } from './law.ts';

type Ground = (typeof LAW.account.holderGrounds)[number];

/** Latest day of a decision about a request that was handed in on a day. */
export const accountDecision = (handedIn: string, settings: CalendarSettings): Deadline =>
  deadline(handedIn, LAW.account.decisionWorkingDays, settings);

/**
 * Grounds for a lock that follow from the dates on the documents alone.
 * @param today calendar date in Vietnam
 */
export function groundsByDate(
  travelDocumentExpires: string,
  residenceCardExpires: string,
  today: string,
): readonly Ground[] {
  const grounds: Ground[] = [];
  if (travelDocumentExpires < today) grounds.push('travel_document_expired');
  if (residenceCardExpires < today) grounds.push('residence_ended');
  return grounds;
}

export interface ActivationWindow {
  /** First and last calendar day on which the account can be activated in the app; later through the hotline. */
  readonly from: string;
  readonly until: string;
}

/** Calendar days, also where the last one is a holiday (Decree 69/2024, Art. 14). */
export const activationWindow = (resultOn: string): ActivationWindow => ({
  from: resultOn,
  until: addDays(resultOn, LAW.activation.calendarDays),
});
