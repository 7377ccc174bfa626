/** What the two-stage profile misses: real faces among made-up ones, whom it names first and whom the exact search does. */
import { type FaceSearch, galleryRow } from '../../models/index.ts';
import { type Figure, measured, type Progress } from '../figures.ts';
import { filledGallery, PROFILES } from './filled.ts';
import { madeUp, realFaces } from './people.ts';

const BATCH = 10;
const FIRST_MADE_UP = 100_000;

/** One picture of each person is enrolled, all others are probes. Nothing where the development data are not there. */
export async function realFacesAmong(
  progress: Progress,
  { records }: { records: number },
): Promise<readonly Figure[]> {
  const faces = await realFaces(progress);
  const persons = new Map(faces.toReversed().map(face => [face.person, face]));
  const enrolled = [...persons.values()];
  const probes = faces.filter(face => persons.get(face.person) !== face);
  if (probes.length === 0) return [];
  const rows = enrolled.map(({ embedding }) => galleryRow(embedding));
  const firsts: (number | undefined)[][] = [];
  for (const profile of PROFILES) {
    progress(`${profile}: ${rows.length} real faces among ${records}`);
    const [gallery] = await filledGallery(profile, function* () {
      yield { ids: Uint32Array.from(rows.keys()), bytes: Int8Array.from(rows.flatMap(row => [...row])) };
      yield* madeUp(FIRST_MADE_UP, records - rows.length);
    });
    await using _ = gallery;
    const named: (number | undefined)[] = [];
    for (let from = 0; from < probes.length; from += BATCH) {
      const some = probes.slice(from, from + BATCH).map(({ embedding }) => embedding);
      const { candidates }: FaceSearch = await gallery.search(some, 1);
      named.push(...candidates.map(([first]) => first?.id));
    }
    firsts.push(named);
  }
  const share = (id: string, is: (at: number) => boolean): Figure =>
    measured(id, (100 * probes.filter((_, at) => is(at)).length) / probes.length, 'percent', probes.length);
  const [exact = [], twoStage = []] = firsts;
  const mateOf = (at: number): number => enrolled.findIndex(({ person }) => person === probes[at]!.person);
  return [
    share('real_faces_exact_rank1', at => exact[at] === mateOf(at)),
    share('real_faces_two-stage_rank1', at => twoStage[at] === mateOf(at)),
    share('real_faces_two-stage_rank1_as_exact', at => twoStage[at] === exact[at]),
  ];
}
