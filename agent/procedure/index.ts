/** The law as data and pure functions. */
export {
  addDays,
  type CalendarSettings,
  dateInVietnam,
  deadline,
  isProvisional,
  isWorkingDay,
} from './calendar.ts';
export { ageOn, refusal } from './eligibility.ts';
export { type ExpectedDates, expectedDates } from './expected.ts';
export { LAW } from './law.ts';
