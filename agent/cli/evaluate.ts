import { Command } from 'commander';
import {
  type CalibrationEvaluation,
  type CalibrationOptions,
  evaluateCalibration,
  type ModalityCalibration,
} from '../../models/evaluate/calibration.ts';
import { type EvaluateFaceOptions, evaluateFace, type FaceEvaluation } from '../../models/evaluate/face.ts';
import {
  BONA_FIDE,
  type EvaluateFaceLivenessOptions,
  evaluateFaceLiveness,
  type FaceLivenessEvaluation,
} from '../../models/evaluate/face-liveness.ts';
import {
  type EvaluateFaceQualityOptions,
  evaluateFaceQuality,
  type FaceQualityEvaluation,
} from '../../models/evaluate/face-quality.ts';
import {
  type EvaluateFingerOptions,
  evaluateFinger,
  type FingerEvaluation,
} from '../../models/evaluate/finger.ts';
import {
  evaluateFingerFusion,
  type FingerFusionEvaluation,
  type FingerFusionOptions,
} from '../../models/evaluate/finger-fusion.ts';
import {
  type EvaluateFingerQualityOptions,
  evaluateFingerQuality,
  type FingerQualityEvaluation,
} from '../../models/evaluate/finger-quality.ts';
import {
  type EvaluateIdentificationOptions,
  evaluateIdentification,
  type IdentificationEvaluation,
} from '../../models/evaluate/identification.ts';
import { print } from './exit.ts';
import { ProgressLine } from './progress.ts';

/** `vantay evaluate` of fingers, faces and identification: the error rates of the models on anybody's own images (ISO/IEC 19795-1). */
export function evaluateVerb(): Command {
  return new Command('evaluate')
    .description('measure the error rates of the models on your own images')
    .addCommand(fingerVerb())
    .addCommand(fingerFusionVerb())
    .addCommand(fingerQualityVerb())
    .addCommand(faceVerb())
    .addCommand(faceQualityVerb())
    .addCommand(faceLivenessVerb())
    .addCommand(identificationVerb())
    .addCommand(calibrationVerb());
}

function fingerVerb(): Command {
  return new Command('finger')
    .description('score pairs of fingerprint images and print FTE, EER, FMR100, FMR1000, ZeroFMR')
    .requiredOption('--images <folder>', 'folder the names are relative to')
    .requiredOption('--pairs <csv>', 'a,b,kind: image names without ending; kind genuine, impostor, ...')
    .option('--dpi <csv>', 'set,dpi: resolution of each set (500 without it)')
    .requiredOption('--out <csv>', 'where to write the pairs with their scores')
    .option('--plot <png>', 'draw DET curve and score histograms')
    .option('--json', 'print one JSON object')
    .action(async (options: EvaluateFingerOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateFinger(options, ({ stage, done, total }) => line.show(stage, done, total));
      line.end();
      print(options.json, found, () => fingerText(found));
    });
}

function fingerFusionVerb(): Command {
  return new Command('finger-fusion')
    .description('what several impressions on record, and several fingers of a person, are worth together')
    .requiredOption('--images <folder>', 'folder the names are relative to')
    .requiredOption(
      '--pairs <csv>',
      'a,b,kind; only the names count: SET/FINGER_IMPRESSION, FINGER or PERSON-FINGER',
    )
    .option('--dpi <csv>', 'set,dpi: resolution of each set (500 without it)')
    .option('--json', 'print one JSON object, with the table of FMR of all impostors')
    .action(async (options: FingerFusionOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateFingerFusion(options, ({ stage, done, total }) =>
        line.show(stage, done, total),
      );
      line.end();
      print(options.json, found, () => fingerFusionText(found));
    });
}

function fingerQualityVerb(): Command {
  return new Command('finger-quality')
    .description('error versus discard: how far the quality of a print foretells false non-matches')
    .requiredOption('--images <folder>', 'folder the names are relative to')
    .requiredOption('--pairs <csv>', 'a,b,kind; only rows of kind genuine are read')
    .option('--dpi <csv>', 'set,dpi: resolution of each set (500 without it)')
    .requiredOption('--out <csv>', 'where to write name,quality, every component and the advice')
    .option('--compare <csv>', 'another quality score of the same images: name and a column of values')
    .option('--column <name>', 'column of --compare (nfiq2_est without it)')
    .option('--plot <png>', 'draw the curves')
    .option('--json', 'print one JSON object')
    .action(async (options: EvaluateFingerQualityOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateFingerQuality(options, ({ stage, done, total }) =>
        line.show(stage, done, total),
      );
      line.end();
      print(options.json, found, () => fingerQualityText(found));
    });
}

function faceVerb(): Command {
  return new Command('face')
    .description('score pairs of portraits and print FTE, EER and FNMR at fixed FMR')
    .requiredOption('--images <folder>', 'folder the paths are relative to')
    .requiredOption('--pairs <csv>', 'dataset,path_a,path_b,same')
    .requiredOption('--out <csv>', 'where to write the pairs with their scores')
    .option('--embeddings <csv>', 'where to write path,v0,v1,...')
    .option('--profile <file>', 'profile (YAML or JSON) of other face networks')
    .option('--plot <png>', 'draw DET curve and score histograms')
    .option('--json', 'print one JSON object')
    .action(async (options: EvaluateFaceOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateFace(options, ({ done, total }) => line.show('analyse', done, total));
      line.end();
      print(options.json, found, () => faceText(found));
    });
}

function faceQualityVerb(): Command {
  return new Command('face-quality')
    .description('error versus discard: how far the portrait quality foretells false non-matches')
    .requiredOption('--images <folder>', 'folder the paths are relative to')
    .requiredOption('--pairs <csv>', 'dataset,path_a,path_b,same')
    .option('--out <csv>', 'where to write path,quality and every component')
    .option('--profile <file>', 'profile (YAML or JSON) of other face networks')
    .option('--plot <png>', 'draw the curves')
    .option('--json', 'print one JSON object')
    .action(async (options: EvaluateFaceQualityOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateFaceQuality(options, ({ done, total }) =>
        line.show('analyse', done, total),
      );
      line.end();
      print(options.json, found, () => faceQualityText(found));
    });
}

function faceLivenessVerb(): Command {
  return new Command('face-liveness')
    .description(
      'APCER and BPCER of the passive liveness networks of a profile, a species of attack at a time',
    )
    .requiredOption('--images <folder>', 'folder the paths are relative to')
    .requiredOption('--list <csv>', 'path,species: bona_fide, or the name of an attack')
    .requiredOption('--profile <file>', 'profile (YAML or JSON) with the networks')
    .requiredOption('--out <csv>', 'where to write path,species and every score')
    .option('--json', 'print one JSON object')
    .action(async (options: EvaluateFaceLivenessOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateFaceLiveness(options, ({ done, total }) =>
        line.show('analyse', done, total),
      );
      line.end();
      print(options.json, found, () => faceLivenessText(found));
    });
}

function identificationVerb(): Command {
  return new Command('identification')
    .description('search people by face and fingers among made-up ones; FNIR at a fixed FPIR')
    .requiredOption('--faces <folder>', 'folder the paths of faces are relative to')
    .requiredOption('--fingers <folder>', 'folder the names of prints are relative to')
    .requiredOption(
      '--people <csv>',
      'person,use,kind,path: use record, padding or the name of a search; kind face or finger',
    )
    .option('--dpi <csv>', 'set,dpi: resolution of each set of prints (500 without it)')
    .option('--size <persons>', 'persons in the gallery', Number, 100_000)
    .option('--fpir <share>', 'FPIR at which misses are counted', Number, 0.01)
    .requiredOption('--out <csv>', 'where to write person,search,rank,evidence,impostor')
    .option('--json', 'print one JSON object')
    .action(async (options: EvaluateIdentificationOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateIdentification(options, ({ stage, done, total }) =>
        line.show(stage, done, total),
      );
      line.end();
      print(options.json, found, () => identificationText(found));
    });
}

function calibrationVerb(): Command {
  return new Command('calibration')
    .description('what scores are worth as likelihood ratios: fitted on some sets, measured on the others')
    .requiredOption('--face-scores <csv>', 'what `evaluate face` wrote')
    .requiredOption('--finger-scores <csv>', 'what `evaluate finger` wrote')
    .option('--together <sets>', 'sets of the same people: names joined by +, several by commas')
    .option('--profile <file>', 'profile (YAML or JSON) of the face networks that the scores are of')
    .option('--json', 'print one JSON object, with the mappings as cards hold them')
    .action(async (options: CalibrationOptions & { json?: boolean }) => {
      const found = await evaluateCalibration(options);
      print(options.json, found, () => calibrationText(found));
    });
}

function calibrationText({ face, finger, fingers, dependence, persons }: CalibrationEvaluation): string {
  const modality = (name: string, { mapping, sets, genuine, impostor }: ModalityCalibration): string[] => [
    `${name}: log10 LR = ${mapping.offset.toFixed(3)} + ${mapping.slope.toFixed(3)} score, ${mapping.lowest.toFixed(2)}..${mapping.highest.toFixed(2)}; ${genuine} genuine, ${impostor} impostor`,
    ...sets.map(({ set, cllr, least, misled }) =>
      [
        set,
        `Cllr ${cllr.value.toFixed(3)} (${cllr.low.toFixed(3)}..${cllr.high.toFixed(3)}), least ${least.toFixed(3)}`,
        ...misled.map(({ decades, share }) => `${percent(share)} % of impostors from ${10 ** decades} on`),
      ].join('\t'),
    ),
  ];
  return [
    'Each set by a mapping fitted on the others; Cllr in bits with 95 % intervals, 1 says nothing',
    ...modality('face', face),
    ...modality('finger', finger),
    ...fingers.map(({ fingers: count, sum, fused }) =>
      [`${count} fingers`, `Cllr ${sum.toFixed(4)} summed, ${fused.toFixed(4)} fused by Fisher`].join('\t'),
    ),
    ...(dependence
      ? [
          `fingers of one visit, ${dependence.visits} times two visits of a person: correlation ${dependence.score.toFixed(2)} of scores, ${dependence.llr.toFixed(2)} of likelihood ratios`,
        ]
      : []),
    ...persons.flatMap(({ fmrAsked, fingers: count, genuine, impostor, ways }) => [
      `FMR ${percent(fmrAsked)} % asked, a face and ${count} fingers: ${genuine} genuine, ${impostor} impostor; FNMR and FMR in %`,
      ...ways.map(({ way, fnmr, fmr }) => [way, interval(fnmr), interval(fmr)].join('\t')),
    ]),
  ].join('\n');
}

function identificationText(found: IdentificationEvaluation): string {
  const { cut, largestChange } = found.quantisation;
  return [
    `FNIR in % with 95 % intervals at FPIR ${100 * found.fpir} %: ${found.searches} searches among ${found.size} persons (${found.real} of them real, ${found.prints} prints)`,
    `face and fingers\t${interval(found.fnir)}`,
    `fingers alone\t${interval(found.fnirOfFingers)}`,
    `face alone\t${interval(found.fnirOfFace)}`,
    `first of all\t${interval(found.rank1)}`,
    `bytes instead of floats: ${(100 * cut).toFixed(4)} % of the values cut, a cosine changed by ${largestChange.toFixed(4)} at most`,
  ].join('\n');
}

function faceLivenessText({ threshold, networks, species }: FaceLivenessEvaluation): string {
  return [
    `Rates in % with 95 % intervals; ${networks.join(' and ')} together live from ${threshold}`,
    'species\timages\tno face\trate',
    ...species.map(({ species: name, images, failed, rate }) =>
      [name, images, failed, `${name === BONA_FIDE ? 'BPCER' : 'APCER'} ${interval(rate)}`].join('\t'),
    ),
  ].join('\n');
}

interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const percent = (share: number): string => (100 * share).toFixed(2);
const interval = ({ value, low, high }: Share): string =>
  `${percent(value)} (${percent(low)}..${percent(high)})`;

function fingerText(found: FingerEvaluation): string {
  const rows = found.sets.map(({ set, genuine, impostor, rates }) =>
    [
      set,
      genuine,
      impostor,
      interval(rates.eer),
      interval(rates.fmr100),
      interval(rates.fmr1000),
      interval(rates.zeroFmr),
    ].join('\t'),
  );
  return [
    'Rates in % with 95 % intervals',
    'set\tgenuine\timpostor\tEER\tFMR100\tFMR1000\tZeroFMR',
    ...rows,
    ...(found.mean
      ? [
          `mean\t\t\t${percent(found.mean.eer)}\t${percent(found.mean.fmr100)}\t${percent(found.mean.fmr1000)}\t${percent(found.mean.zeroFmr)}`,
        ]
      : []),
    `FTE ${interval(found.fte)} % of ${found.images} images; ${found.extractMs.toFixed(1)} ms an extraction, ${found.matchMs.toFixed(3)} ms a match`,
  ].join('\n');
}

function fingerFusionText({ severalReferences, persons, images, failed }: FingerFusionEvaluation): string {
  return [
    'Rates in % with 95 % intervals',
    ...severalReferences.map(
      ({ references, genuine, impostor, fnmr }) =>
        `${references} on record: FNMR at FMR 0.05 % ${interval(fnmr)} (${genuine} genuine, ${impostor} impostor)`,
    ),
    ...(persons
      ? [
          `fingers of a person: FNMR at zero FMR ${interval(persons.fnmrAtZeroFmr)} (${persons.genuine} genuine, ${persons.impostor} impostor)`,
          ...persons.observed.map(
            ({ claimedFmr, fmr }) => `claimed FMR ${100 * claimedFmr} %: observed ${percent(fmr)}`,
          ),
        ]
      : []),
    `${failed.length} of ${images} images without a template`,
  ].join('\n');
}

function fingerQualityText(found: FingerQualityEvaluation): string {
  const shares = found.curves[0]?.points.map(({ discarded }) => `${100 * discarded} %`) ?? [];
  const rows = found.curves.map(({ quality, fmr, points }) =>
    [quality, `${100 * fmr} %`, ...points.map(({ fnmr }) => percent(fnmr))].join('\t'),
  );
  return [
    'FNMR in % at the FMR of the matching card, by the share of pairs left out, the poorest first',
    ['quality', 'FMR', ...shares].join('\t'),
    ...rows,
    `${found.genuine} genuine pairs of ${found.images} images, ${found.failed.length} of them without a template`,
  ].join('\n');
}

function faceText(found: FaceEvaluation): string {
  const rows = found.sets.map(({ dataset, genuine, impostor, fte, eer, points }) =>
    [
      dataset,
      genuine,
      impostor,
      interval(fte),
      eer ? interval(eer) : '-',
      points.map(point => `${percent(point.fmr)} %: ${interval(point.fnmr)}`).join('; '),
    ].join('\t'),
  );
  return [
    'Rates in % with 95 % intervals',
    'set\tgenuine\timpostor\tFTE\tEER\tFNMR at FMR',
    ...rows,
    `${found.failed.length} of ${found.images} images without a face; ${found.analyseMs.toFixed(1)} ms of processor time an image`,
  ].join('\n');
}

function faceQualityText(found: FaceQualityEvaluation): string {
  const shares = found.sets[0]?.points.map(({ discarded }) => `${Math.round(100 * discarded)} %`) ?? [];
  const rows = found.sets.map(({ dataset, genuine, gain, points }) =>
    [
      dataset,
      genuine,
      gain === undefined ? '-' : gain.toFixed(2),
      ...points.map(({ fnmr }) => percent(fnmr)),
    ].join('\t'),
  );
  return [
    'FNMR in % after leaving out the pairs with the poorest image; gain 0 is a random score, 1 a perfect one',
    ['set', 'genuine', 'gain', ...shares].join('\t'),
    ...rows,
    `${found.failed.length} of ${found.images} images without a face`,
  ].join('\n');
}
