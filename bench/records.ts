/** What the search among immigration records costs: a million faces, and other libraries among a hundred thousand. */
import type { Bench, Figure } from './figures.ts';
import { millionFaces } from './records/million.ts';
import { searchedPersons } from './records/persons.ts';
import { realFacesAmong } from './records/recall.ts';

const PARTS = ['million', 'real', 'libraries', 'persons'] as const;

export const recordsBench: Bench = {
  name: 'records',
  summary:
    '1:N search of faces (512 values) and fingers; made-up records, real ones where the development data are',
  parts: PARTS,
  async run(progress, { small, only }) {
    const wanted = (part: (typeof PARTS)[number]) => only === null || only === part;
    const figures: Figure[] = [];
    if (wanted('million')) {
      const options = { records: small ? 20_000 : 1_000_000, rounds: small ? 3 : 20 };
      figures.push(...(await millionFaces(progress, options)));
    }
    // Also small this takes minutes: it looks at more than a thousand pictures.
    if (only === 'real' || (only === null && !small))
      figures.push(...(await realFacesAmong(progress, { records: small ? 20_000 : 1_000_000 })));
    if (wanted('libraries')) {
      const options = { records: small ? 2_000 : 100_000, rounds: small ? 3 : 20 };
      // Loaded here, as the libraries are nobody else's.
      const { otherLibraries } = await import('./records/libraries.ts');
      figures.push(...(await otherLibraries(progress, options)));
    }
    if (only === 'persons' || (only === null && !small)) {
      const options = small ? { size: 1_000, persons: 6 } : { size: 100_000, persons: 1_000 };
      figures.push(...(await searchedPersons(progress, options)));
    }
    return figures;
  },
};
