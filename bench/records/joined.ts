/** Development data joined into persons that do not exist: a face of one and two fingers of another. */
import { readFile, writeFile } from 'node:fs/promises';

/** Faces by set: how many pictures a person has at least. */
const FACE_SETS = ['orl', 'lfwa', 'london'] as const;
/** Sets of prints of different fingers. */
const PEOPLE_SETS = ['fcj2020', 'fvc2000_db1_b', 'fvc2002_db1_b', 'fvc2002_db3_b', 'fvc2004_db1_b'];
/** What made-up prints are made of: fingers that none of the persons has. */
const PADDING_SETS = ['fvc2002_db4_b', 'fvc2004_db2_b'];
const FINGERS = 2;
/** Faces of nobody in the gallery that made-up ones are like, beside those that are in it. */
const PADDING_FACES = 150;

/**
 * Writes the list for `evaluateIdentification`: as many persons as there are pairs of fingers, each enrolled with the first
 * picture and the first impressions, and searched for with each of the others.
 * @param data the folder with `face` and `finger`
 * @param persons at most so many
 */
export async function writeJoinedPeople(data: string, path: string, persons: number): Promise<void> {
  const fingers = await fingersOf(data);
  const faces = await facesOf(data);
  const rows: string[] = [];
  const inPeople = fingers.filter(([finger]) => PEOPLE_SETS.some(set => finger.startsWith(`${set}/`)));
  const count = Math.min(persons, Math.floor(inPeople.length / FINGERS), faces.length);
  for (let person = 0; person < count; person++) {
    const [, [picture = '', ...pictures]] = faces[person]!;
    const own = inPeople.slice(person * FINGERS, (person + 1) * FINGERS).map(([, prints]) => prints);
    const add = (use: string, kind: string, name: string) => rows.push(`p${person},${use},${kind},${name}`);
    add('record', 'face', picture);
    for (const prints of own) add('record', 'finger', prints[0]!);
    const searches = Math.min(...own.map(prints => prints.length)) - 1;
    for (let search = 0; search < searches; search++) {
      add(`s${search}`, 'face', pictures[search % pictures.length]!);
      for (const prints of own) add(`s${search}`, 'finger', prints[search + 1]!);
    }
  }
  for (const [, [picture]] of faces.slice(count, count + PADDING_FACES))
    rows.push(`,padding,face,${picture}`);
  for (const [finger, prints] of fingers)
    if (PADDING_SETS.some(set => finger.startsWith(`${set}/`)))
      rows.push(...prints.map(name => `,padding,finger,${name}`));
  await writeFile(path, `person,use,kind,path\n${rows.join('\n')}\n`);
}

type Named = readonly [string, readonly string[]];

/** Impressions by finger, the fingers of one person of fcj2020 apart from each other. */
async function fingersOf(data: string): Promise<readonly Named[]> {
  const names = (await readFile(`${data}/finger/names.txt`, 'utf8')).split(/\r?\n/).filter(Boolean);
  const images = names.map(name => name.replace(/\.png$/, ''));
  return [...Map.groupBy(images, name => name.replace(/_[^_/]*$/, ''))];
}

/** Pictures by person, those of the sets in turn; a person has two at least. */
async function facesOf(data: string): Promise<readonly Named[]> {
  const pairs = (await readFile(`${data}/face/pairs.csv`, 'utf8')).trim().split(/\r?\n/).slice(1);
  const genuine = pairs.map(line => line.split(',')).filter(([, , , same]) => same === '1');
  const bySet = FACE_SETS.map(set => {
    const paths = new Set(genuine.flatMap(([of, a = '', b = '']) => (of === set ? [a, b] : [])));
    return [...Map.groupBy([...paths].sort(), path => path.replace(/_[^_/]*$/, ''))];
  });
  const longest = Math.max(...bySet.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) => bySet.flatMap(set => (set[at] ? [set[at]] : []))).flat();
}
