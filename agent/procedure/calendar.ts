/** Working days as the Labour Code counts them (2019, Art. 111-112). Dates are calendar dates in Vietnam, YYYY-MM-DD. */
import { CULTURE_DAY, FIXED_HOLIDAYS, LUNAR_HOLIDAYS, PUBLISHED_YEARS } from './law.ts';

export interface CalendarSettings {
  readonly november24IsHoliday: boolean;
  /** Days off and days worked that the operator adds, e.g. a swap announced this year. */
  readonly extraDaysOff: readonly string[];
  readonly extraDaysWorked: readonly string[];
}

const DAY_MS = 86_400_000;

/** The date `days` calendar days later. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

const isWeekend = (date: string): boolean => [0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay());

/** Today where the kiosk stands: Asia/Ho_Chi_Minh is UTC+7 without daylight saving time. */
export const dateInVietnam = (instant: Date): string =>
  new Date(instant.getTime() + 7 * 3_600_000).toISOString().slice(0, 10);

/** Whether the days off of a year are computed by rule only, because no published list is known. */
export const isProvisional = (year: number): boolean => !(year in PUBLISHED_YEARS);

/** Days off of a year besides Saturdays and Sundays, with the days that stand in for holidays on a rest day. */
function daysOff(year: number, settings: CalendarSettings): ReadonlySet<string> {
  const published = PUBLISHED_YEARS[year];
  const lunar = LUNAR_HOLIDAYS[year];
  const off = new Set<string>(published?.off ?? [...tetByRule(lunar?.tet), `${year}-09-01`]);
  const single = FIXED_HOLIDAYS.map(day => `${year}-${day}`);
  if (lunar) single.push(lunar.hungKings);
  if (settings.november24IsHoliday && year >= CULTURE_DAY.fromYear)
    single.push(`${year}-${CULTURE_DAY.monthDay}`);
  for (const date of single) off.add(date);
  // Art. 111(3): a holiday on a weekly day off is made good on the next working day. A published list has done so itself.
  const toMove = published ? single : [...off];
  for (const date of toMove.filter(isWeekend).sort()) {
    let substitute = addDays(date, 1);
    while (isWeekend(substitute) || off.has(substitute)) substitute = addDays(substitute, 1);
    off.add(substitute);
  }
  for (const date of settings.extraDaysOff) if (date.startsWith(`${year}-`)) off.add(date);
  return off;
}

/** Five days, by the usual choice: from New Year's Eve on. */
const tetByRule = (tet: string | undefined): string[] =>
  tet ? [-1, 0, 1, 2, 3].map(days => addDays(tet, days)) : [];

export function isWorkingDay(date: string, settings: CalendarSettings): boolean {
  const year = Number(date.slice(0, 4));
  if (settings.extraDaysWorked.includes(date) || PUBLISHED_YEARS[year]?.worked.includes(date)) return true;
  return !isWeekend(date) && !daysOff(year, settings).has(date);
}

export interface Deadline {
  readonly date: string;
  /** The span touches a year whose days off are not published yet. */
  readonly provisional: boolean;
}

/**
 * The `workingDays`-th working day after `accepted`; the day of acceptance does not count.
 * @throws RangeError for less than one day
 */
export function deadline(accepted: string, workingDays: number, settings: CalendarSettings): Deadline {
  if (!Number.isInteger(workingDays) || workingDays < 1) throw new RangeError('at least one working day');
  let date = accepted;
  let provisional = false;
  for (let counted = 0; counted < workingDays; ) {
    date = addDays(date, 1);
    provisional ||= isProvisional(Number(date.slice(0, 4)));
    if (isWorkingDay(date, settings)) counted += 1;
  }
  return { date, provisional };
}
