import type { FingerPosition } from '../../contract/common.ts';

interface Props {
  readonly positions: readonly FingerPosition[];
  readonly wanted: FingerPosition;
  readonly done: readonly FingerPosition[];
  readonly excepted: readonly FingerPosition[];
}

/** Finger tips of a right hand seen from above, in units of the drawing: x, y, length, tilt in degrees. */
const RIGHT_HAND: Record<string, readonly [number, number, number, number]> = {
  thumb: [14, 78, 34, -48],
  index: [33, 42, 46, -10],
  middle: [52, 34, 52, 0],
  ring: [70, 40, 47, 8],
  little: [87, 54, 36, 18],
};

/** Both hands, backs up as they lie before the applicant, with the wanted finger in colour: needs no language. */
export function Hands({ positions, wanted, done, excepted }: Props) {
  return (
    <svg class="hands" viewBox="0 0 240 150" aria-hidden="true">
      {(['left', 'right'] as const).map(side => (
        <g key={side} transform={side === 'right' ? 'translate(130 0)' : 'translate(110 0) scale(-1 1)'}>
          <rect class="palm" x="22" y="78" width="72" height="64" rx="24" />
          {positions
            .filter(position => position.startsWith(side))
            .map(position => {
              const [x, y, length, tilt] = RIGHT_HAND[position.slice(side.length + 1)] ?? [0, 0, 0, 0];
              const state =
                position === wanted
                  ? 'wanted'
                  : done.includes(position)
                    ? 'done'
                    : excepted.includes(position)
                      ? 'excepted'
                      : '';
              return (
                <rect
                  key={position}
                  class={`finger ${state}`}
                  x={x - 8}
                  y={y - 14}
                  width="16"
                  height={length + 14}
                  rx="8"
                  transform={`rotate(${tilt} ${x} ${y + length})`}
                />
              );
            })}
        </g>
      ))}
    </svg>
  );
}
