/** People known by face and two fingers among made-up ones: misses at a false positive identification rate of 1 %. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { evaluateIdentification } from '../../models/evaluate/identification.ts';
import { type Figure, measured, type Progress } from '../figures.ts';
import { writeJoinedPeople } from './joined.ts';
import { developmentData } from './people.ts';

/** Nothing where the development data are not there. @param size persons in the gallery, and how many of them are real */
export async function searchedPersons(
  progress: Progress,
  { size, persons }: { size: number; persons: number },
): Promise<readonly Figure[]> {
  const data = developmentData();
  if (!data) return [];
  const folder = await mkdtemp(`${tmpdir()}/vantay-bench-`);
  try {
    const people = `${folder}/people.csv`;
    await writeJoinedPeople(data, people, persons);
    const found = await evaluateIdentification(
      {
        people,
        faces: `${data}/face`,
        fingers: `${data}/finger`,
        dpi: `${data}/finger/dpi.csv`,
        out: `${folder}/found.csv`,
        size,
        fpir: 0.01,
      },
      ({ stage, done, total }) => {
        if (done % Math.ceil(total / 10) === 0) progress(`persons: ${stage} ${done} of ${total}`);
      },
    );
    const percent = (id: string, share: number): Figure =>
      measured(id, 100 * share, 'percent', found.searches);
    return [
      percent('persons_fnir', found.fnir.value),
      percent('persons_fnir.upper95', found.fnir.high),
      percent('persons_fnir_face_alone', found.fnirOfFace.value),
      percent('persons_fnir_fingers_alone', found.fnirOfFingers.value),
      percent('persons_rank1', found.rank1.value),
      measured('persons_gallery', found.size, 'count', 1),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}
