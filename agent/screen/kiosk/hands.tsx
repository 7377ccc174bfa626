import type { FingerPosition } from '../../contract/common.ts';

interface Props {
  readonly positions: readonly FingerPosition[];
  readonly wanted: FingerPosition;
  readonly done: readonly FingerPosition[];
  readonly excepted: readonly FingerPosition[];
}

/** Fingers of a right hand seen from above, in units of the drawing: root x, y, tip x, y, thickness. */
const RIGHT_HAND: Record<string, readonly [number, number, number, number, number]> = {
  thumb: [84, 196, 26, 128, 29],
  index: [78, 150, 66, 54, 27],
  middle: [104, 146, 102, 32, 28],
  ring: [129, 150, 137, 48, 27],
  little: [152, 164, 171, 88, 23],
};
/** Width of a hand, and of the gap between both. */
const HAND = 196;
const GAP = 28;
/** Thickness of the outline. */
const LINE = 3;

type Side = 'left' | 'right';

/** Both hands, backs up as they lie before the applicant, with the wanted finger in colour: needs no language. */
export function Hands({ positions, wanted, done, excepted }: Props) {
  return (
    <svg class="hands" viewBox={`0 0 ${2 * HAND + GAP} 262`} aria-hidden="true">
      <Hand side="left" active={wanted.startsWith('left')} />
      <Hand side="right" active={wanted.startsWith('right')} />
      {positions.map(position => {
        const finger = fingerOf(position);
        if (position === wanted) return <Wanted key={position} {...finger} />;
        if (done.includes(position)) return <Mark key={position} {...finger} kind="done" d="M-7 0l5 6L7-6" />;
        if (excepted.includes(position))
          return <Mark key={position} {...finger} kind="excepted" d="M-5-5L5 5M5-5L-5 5" />;
        return null;
      })}
    </svg>
  );
}

interface Finger {
  readonly root: readonly [number, number];
  readonly tip: readonly [number, number];
  readonly width: number;
}

const across = (side: Side, x: number): number => (side === 'right' ? HAND + GAP + x : HAND - x);

function fingerOf(position: FingerPosition): Finger {
  const side = position.startsWith('right') ? 'right' : 'left';
  const [rootX, rootY, tipX, tipY, width] = RIGHT_HAND[position.slice(side.length + 1)] ?? [0, 0, 0, 0, 0];
  return { root: [across(side, rootX), rootY], tip: [across(side, tipX), tipY], width };
}

/** Drawn twice, the outline first: what remains of it runs around the whole hand and never across it. */
function Hand({ side, active }: { side: Side; active: boolean }) {
  const x = (value: number) => across(side, value);
  const palm = `M${x(84)} 150L${x(150)} 164L${x(146)} 206L${x(128)} 226L${x(102)} 226L${x(88)} 206Z`;
  const layer = (kind: 'edge' | 'skin', more: number) => (
    <g class={kind}>
      <path d={palm} class="palm" stroke-width={22 + more} />
      <path d={`M${x(115)} 222V262`} stroke-width={54 + more} stroke-linecap="butt" />
      {Object.entries(RIGHT_HAND).map(([name, [rootX, rootY, tipX, tipY, width]]) => (
        <path key={name} d={`M${x(rootX)} ${rootY}L${x(tipX)} ${tipY}`} stroke-width={width + more} />
      ))}
    </g>
  );
  return (
    <g class={active ? 'hand' : 'hand resting'}>
      {layer('edge', 2 * LINE)}
      {layer('skin', 0)}
    </g>
  );
}

function Wanted({ root, tip, width }: Finger) {
  // Two thirds of the finger, so that the hand below stays one hand.
  const to = [0, 1].map(i => (tip[i] ?? 0) + ((root[i] ?? 0) - (tip[i] ?? 0)) * 0.62);
  return (
    <g class="wanted">
      <circle class="ring" cx={tip[0]} cy={tip[1]} r={width * 0.78} />
      <path d={`M${tip[0]} ${tip[1]}L${to[0]} ${to[1]}`} stroke-width={width} />
    </g>
  );
}

function Mark({ tip, kind, d }: Finger & { kind: 'done' | 'excepted'; d: string }) {
  return (
    <g class={kind} transform={`translate(${tip[0]} ${tip[1]})`}>
      <circle r="13" />
      <path d={d} />
    </g>
  );
}
