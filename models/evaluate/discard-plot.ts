import sharp from 'sharp';
import type { DiscardCurve } from './discard.ts';
import { letter } from './lettering.ts';

const WIDTH = 820;
const HEIGHT = 700;
const PANEL = { left: 110, top: 70, width: 660, height: 530 };
const INK = '#1f2933';
const FAINT = '#d9dee4';
/** Told apart also by those who do not see red and green (Okabe and Ito, 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#5b5b5b', '#8c510a'];
/** Ends of the axes, as shares. */
const MOST_DISCARDED = 0.5;
const MOST_FNMR = 0.12;
const LEVELS = [0, 1, 2, 3, 4, 5, 6];

/**
 * Error-versus-discard curves as a PNG; dashed is what a perfect quality score would reach.
 * @param mostFnmr end of the upright axis, as a share
 */
export async function plotDiscard(
  sets: readonly ({ readonly dataset: string } & DiscardCurve)[],
  mostFnmr = MOST_FNMR,
): Promise<Uint8Array> {
  const { left, top, width, height } = PANEL;
  const x = (share: number) => left + (width * share) / MOST_DISCARDED;
  const y = (fnmr: number) => top + height * (1 - Math.min(1, fnmr / mostFnmr));
  const path = (points: readonly (readonly [number, number])[]) =>
    points
      .map(([share, fnmr], at) => `${at === 0 ? 'M' : 'L'}${x(share).toFixed(1)},${y(fnmr).toFixed(1)}`)
      .join('');
  const ticks = [0, 0.1, 0.2, 0.3, 0.4, 0.5].map(
    share =>
      `<path d="M${x(share)},${top}V${top + height}" stroke="${FAINT}"/>` +
      letter(`${100 * share}%`, {
        x: x(share),
        y: top + height + 26,
        size: 11,
        colour: INK,
        anchor: 'middle',
      }),
  );
  const levels = LEVELS.map(level => (mostFnmr * level) / 6).map(
    fnmr =>
      `<path d="M${left},${y(fnmr)}H${left + width}" stroke="${FAINT}"/>` +
      letter(`${Number((100 * fnmr).toFixed(2))}%`, {
        x: left - 12,
        y: y(fnmr) + 5,
        size: 11,
        colour: INK,
        anchor: 'end',
      }),
  );
  const curves = sets.map(({ dataset, points, genuine }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const measured = path(points.map(({ discarded, fnmr }) => [discarded, fnmr] as const));
    const best = path(points.map(({ discarded, bestFnmr }) => [discarded, bestFnmr] as const));
    return (
      `<path d="${measured}" fill="none" stroke="${colour}" stroke-width="2.2"/>` +
      `<path d="${best}" fill="none" stroke="${colour}" stroke-dasharray="4 5"/>` +
      `<path d="M${left + 380},${top + 20 + 24 * index}h22" stroke="${colour}" stroke-width="4"/>` +
      letter(`${dataset || 'all'} ${genuine}`, {
        x: left + 412,
        y: top + 25 + 24 * index,
        size: 10.5,
        colour: INK,
      })
    );
  });
  const names = [
    letter('Error versus discard', { x: left, y: top - 26, size: 17, colour: INK }),
    letter('Pairs left out', {
      x: left + width / 2,
      y: top + height + 58,
      size: 12,
      colour: INK,
      anchor: 'middle',
    }),
    letter('False non-match rate', {
      x: left - 74,
      y: top + height / 2,
      size: 12,
      colour: INK,
      anchor: 'middle',
      upright: true,
    }),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"><rect width="100%" height="100%" fill="white"/>${[...ticks, ...levels, ...curves, ...names].join('')}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}
