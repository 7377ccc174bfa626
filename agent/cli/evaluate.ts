import { Command } from 'commander';
import { type EvaluateFaceOptions, evaluateFace, type FaceEvaluation } from '../../models/evaluate/face.ts';
import {
  type EvaluateFingerOptions,
  evaluateFinger,
  type FingerEvaluation,
} from '../../models/evaluate/finger.ts';
import { print } from './exit.ts';
import { ProgressLine } from './progress.ts';

/** `vantay evaluate finger|face`: the error rates of the models on anybody's own images (ISO/IEC 19795-1). */
export function evaluateVerb(): Command {
  return new Command('evaluate')
    .description('measure the error rates of the models on your own images')
    .exitOverride()
    .addCommand(fingerVerb())
    .addCommand(faceVerb());
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
    .exitOverride()
    .action(async (options: EvaluateFingerOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateFinger(options, ({ stage, done, total }) => line.show(stage, done, total));
      line.end();
      print(options.json, found, () => fingerText(found));
    });
}

function faceVerb(): Command {
  return new Command('face')
    .description('score pairs of portraits and print FTE, EER and FNMR at fixed FMR')
    .requiredOption('--images <folder>', 'folder the paths are relative to')
    .requiredOption('--pairs <csv>', 'dataset,path_a,path_b,same')
    .requiredOption('--out <csv>', 'where to write the pairs with their scores')
    .option('--embeddings <csv>', 'where to write path,v0,v1,...')
    .option('--plot <png>', 'draw DET curve and score histograms')
    .option('--json', 'print one JSON object')
    .exitOverride()
    .action(async (options: EvaluateFaceOptions & { json?: boolean }) => {
      const line = new ProgressLine();
      const found = await evaluateFace(options, ({ done, total }) => line.show('analyse', done, total));
      line.end();
      print(options.json, found, () => faceText(found));
    });
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
