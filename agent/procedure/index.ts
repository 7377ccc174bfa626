/** The law as data and pure functions. */
export { accountDecision, activationWindow, groundsByDate } from './account.ts';
export {
  addDays,
  type CalendarSettings,
  dateInVietnam,
  deadline,
  isProvisional,
  isWorkingDay,
} from './calendar.ts';
export { ageOn, needsRepresentative, refusal, representativeProblem } from './eligibility.ts';
export { type ExpectedDates, expectedDates } from './expected.ts';
export { CARD_CODES, LAW } from './law.ts';
export { contentsOf, missingContents } from './levels.ts';
export { simCheck } from './sim.ts';
