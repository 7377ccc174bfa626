/** The latest date of the result, as it may be promised to the applicant. */
import type { Purpose } from '../contract/common.ts';
import { accountDecision } from './account.ts';
import { type CalendarSettings, deadline } from './calendar.ts';
import { LAW } from './law.ts';

export interface ExpectedDates {
  readonly within3WorkingDays: string | null;
  readonly within7WorkingDays: string | null;
  /** Latest decision about a lock or unlock. */
  readonly accountDecision: string | null;
  readonly provisional: boolean;
}

/**
 * Three working days only when face and fingerprints are in the immigration database, otherwise seven; both are shown
 * while the database could not be asked, and then three is never promised (Decree 69/2024, Art. 13).
 * A lock or unlock is decided within two.
 * @param onFile what the database holds; null when it could not be asked
 */
export function expectedDates(
  purpose: Purpose,
  onFile: { readonly face: boolean; readonly finger: boolean } | null,
  accepted: string,
  settings: CalendarSettings,
): ExpectedDates {
  if (purpose !== 'register_level_2') {
    const { date, provisional } = accountDecision(accepted, settings);
    return { ...NONE, accountDecision: date, provisional };
  }
  const soon = deadline(accepted, LAW.result.onFileWorkingDays, settings);
  const late = deadline(accepted, LAW.result.otherwiseWorkingDays, settings);
  if (onFile?.face && onFile.finger)
    return { ...NONE, within3WorkingDays: soon.date, provisional: soon.provisional };
  const within3WorkingDays = onFile ? null : soon.date;
  return { ...NONE, within3WorkingDays, within7WorkingDays: late.date, provisional: late.provisional };
}

const NONE = { within3WorkingDays: null, within7WorkingDays: null, accountDecision: null };
