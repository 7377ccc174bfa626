/** What stays of a visit that goes back: what was found out after that step is forgotten. */
import { bare } from './state.ts';
import type { Consented, Fingered, Identified } from './visit.ts';

export const identified = (visit: Identified): Identified => {
  const { appointment, travelDocument, residenceCard, representative } = visit;
  return { ...bare(visit), appointment, travelDocument, residenceCard, representative };
};

export const consented = (visit: Consented): Consented => {
  const { consent, form, lookup } = visit;
  return { ...identified(visit), consent, form, ...(lookup ? { lookup } : {}) };
};

/** Of what officers decided, what they said of fingers alone. */
export const fingered = (visit: Fingered): Fingered => {
  const { fingers, exceptions } = visit;
  const overrides = visit.overrides.filter(({ step }) => step === 'finger');
  return { ...consented(visit), fingers, exceptions, overrides };
};
