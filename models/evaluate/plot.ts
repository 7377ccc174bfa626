import sharp from 'sharp';
import { letter } from './lettering.ts';
import { detCurve, ratesOf, type ScoredPair } from './rates.ts';

const WIDTH = 1400;
const HEIGHT = 700;
const INK = '#1f2933';
const FAINT = '#d9dee4';
const QUIET = '#61707f';
/** Told apart also by those who do not see red and green (Okabe and Ito, 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#5b5b5b', '#8c510a'];
const GENUINE = '#009e73';
const IMPOSTOR = '#d55e00';
/** The DET axes, as shares: a hundredth of a percent to one half. */
const DET_LEAST = 1e-4;
const DET_MOST = 0.5;
const DET_TICKS = [0.0001, 0.001, 0.01, 0.1, 0.5];
const BINS = 80;

interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** DET curves of each set and the score histograms of all, as a PNG. */
export async function plotRates(sets: ReadonlyMap<string, readonly ScoredPair[]>): Promise<Uint8Array> {
  const det = detPanel(sets, { left: 100, top: 90, width: 560, height: 520 });
  const scores = histogramPanel([...sets.values()].flat(), { left: 770, top: 90, width: 580, height: 520 });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"><rect width="100%" height="100%" fill="white"/>${det}${scores}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

const line = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<path d="M${x1.toFixed(1)},${y1.toFixed(1)}L${x2.toFixed(1)},${y2.toFixed(1)}" stroke="${colour}"/>`;

function frame({ left, top, width, height }: Panel, title: string, xName: string, yName: string): string {
  return [
    letter(title, { x: left, y: top - 26, size: 17, colour: INK }),
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="${QUIET}"/>`,
    letter(xName, { x: left + width / 2, y: top + height + 58, size: 12, colour: QUIET, anchor: 'middle' }),
    letter(yName, {
      x: left - 64,
      y: top + height / 2,
      size: 12,
      colour: QUIET,
      anchor: 'middle',
      upright: true,
    }),
  ].join('');
}

function detPanel(sets: ReadonlyMap<string, readonly ScoredPair[]>, panel: Panel): string {
  const { left, top, width, height } = panel;
  const place = (rate: number): number => {
    const clipped = Math.min(DET_MOST, Math.max(DET_LEAST, rate));
    return Math.log(clipped / DET_LEAST) / Math.log(DET_MOST / DET_LEAST);
  };
  const x = (fmr: number): number => left + width * place(fmr);
  const y = (fnmr: number): number => top + height * (1 - place(fnmr));
  const grid = DET_TICKS.map(tick => {
    const label = `${tick * 100}%`;
    return [
      line(x(tick), top, x(tick), top + height, FAINT),
      line(left, y(tick), left + width, y(tick), FAINT),
      letter(label, { x: x(tick), y: top + height + 26, size: 11, colour: INK, anchor: 'middle' }),
      letter(label, { x: left - 12, y: y(tick) + 5, size: 11, colour: INK, anchor: 'end' }),
    ].join('');
  });
  const diagonal = `<path d="M${left},${top + height}L${left + width},${top}" stroke="${FAINT}" stroke-dasharray="6 6"/>`;
  const drawn = [...sets].flatMap(([set, pairs], index) => {
    const rates = ratesOf(pairs);
    if (!rates) return [];
    const colour = COLOURS[index % COLOURS.length]!;
    // A step from point to point: between two scores nothing was measured.
    const path = detCurve(pairs)
      .map(({ fmr, fnmr }, at) =>
        at === 0
          ? `M${x(fmr).toFixed(1)},${y(fnmr).toFixed(1)}`
          : `H${x(fmr).toFixed(1)}V${y(fnmr).toFixed(1)}`,
      )
      .join('');
    const curve = `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.2"/>`;
    return [{ curve, colour, text: `${set || 'all'} EER ${(100 * rates.eer).toFixed(2)}%` }];
  });
  return [
    ...grid,
    diagonal,
    frame(panel, 'Detection error trade-off', 'False match rate', 'False non-match rate'),
    ...drawn.map(({ curve }) => curve),
    legend(drawn, left + width - 300, top + 14),
  ].join('');
}

/** On a pale ground, so that curves may pass behind it. */
function legend(entries: readonly { colour: string; text: string }[], left: number, top: number): string {
  const ground = `<rect x="${left - 8}" y="${top - 4}" width="296" height="${24 * entries.length + 4}" fill="white" fill-opacity="0.85"/>`;
  const lines = entries.map(({ colour, text }, index) => {
    const y = top + 16 + 24 * index;
    const mark = `<path d="M${left},${y - 5}h22" stroke="${colour}" stroke-width="4"/>`;
    return mark + letter(text, { x: left + 32, y, size: 10.5, colour: INK });
  });
  return ground + lines.join('');
}

/** What a score axis shows. */
interface Scale {
  readonly least: number;
  readonly most: number;
}

/** Of all scores; a capture that failed has one below every other, which is drawn at the left end. */
function scaleOf(pairs: readonly ScoredPair[]): Scale {
  const scores = pairs.map(({ score }) => score);
  const most = scores.reduce((highest, score) => Math.max(highest, score), 0) || 1;
  const least = scores.reduce((lowest, score) => Math.min(lowest, score), 0);
  return { least: Math.max(-1, least), most };
}

/** Multiples of 1, 2 or 5 times a power of ten, at most twelve of them. */
function ticksOf({ least, most }: Scale): number[] {
  const power = 10 ** Math.floor(Math.log10((most - least) / 12));
  const step = [1, 2, 5, 10].map(times => times * power).find(one => (most - least) / one <= 12) ?? power;
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, i) => (first + i) * step);
}

function histogramPanel(pairs: readonly ScoredPair[], panel: Panel): string {
  const { left, top, width, height } = panel;
  const scale = scaleOf(pairs);
  const { least, most } = scale;
  const genuine = histogram(pairs, true, scale);
  const impostor = histogram(pairs, false, scale);
  const ticks = ticksOf(scale).map(score => {
    const at = left + (width * (score - least)) / (most - least);
    const label = String(Number(score.toFixed(6)));
    return (
      line(at, top, at, top + height, FAINT) +
      letter(label, { x: at, y: top + height + 26, size: 11, colour: INK, anchor: 'middle' })
    );
  });
  const shares = [1, 0.1, 0.01, 0.001, 0.0001].map(share => {
    const at = top + height * (1 - logShare(share));
    return (
      line(left, at, left + width, at, FAINT) +
      letter(`${share * 100}%`, { x: left - 12, y: at + 5, size: 11, colour: INK, anchor: 'end' })
    );
  });
  return [
    ...ticks,
    ...shares,
    area(impostor, panel, IMPOSTOR),
    area(genuine, panel, GENUINE),
    frame(panel, 'Scores', 'Score', 'Share of comparisons'),
    swatch(panel, 0, IMPOSTOR, `impostor ${pairs.filter(pair => !pair.genuine).length}`),
    swatch(panel, 1, GENUINE, `genuine ${pairs.filter(pair => pair.genuine).length}`),
  ].join('');
}

/** Share of each bin's comparisons among all of that kind. */
function histogram(pairs: readonly ScoredPair[], genuine: boolean, { least, most }: Scale): number[] {
  const bins = new Array<number>(BINS).fill(0);
  const chosen = pairs.filter(pair => pair.genuine === genuine);
  for (const { score } of chosen) {
    const bin = Math.floor(((score - least) / (most - least)) * BINS);
    bins[Math.max(0, Math.min(BINS - 1, bin))]! += 1 / chosen.length;
  }
  return bins;
}

/** A share on a logarithmic axis from a hundredth of a percent (0) to all (1). */
const logShare = (share: number): number => (share <= 1e-4 ? 0 : 1 + Math.log10(share) / 4);

function area(bins: readonly number[], { left, top, width, height }: Panel, colour: string): string {
  const path = bins
    .map(
      (share, at) =>
        `V${(top + height * (1 - logShare(share))).toFixed(1)}H${(left + (width * (at + 1)) / BINS).toFixed(1)}`,
    )
    .join('');
  return `<path d="M${left},${top + height}${path}V${top + height}Z" fill="${colour}" fill-opacity="0.35" stroke="${colour}" stroke-width="1.6"/>`;
}

function swatch({ left, top, width }: Panel, index: number, colour: string, text: string): string {
  const [x, y] = [left + width - 210, top + 30 + 24 * index];
  return (
    `<rect x="${x}" y="${y - 11}" width="22" height="12" fill="${colour}" fill-opacity="0.6"/>` +
    letter(text, { x: x + 32, y, size: 10.5, colour: INK })
  );
}
