import { describe, expect, test } from 'vitest';
import { arrangementOf } from '../../models/finger/sequence.ts';

describe('captures and references', () => {
  const names = ['right_index', 'right_middle', 'left_index'];
  const arranged = (order: readonly number[], score = 5) =>
    names.map((_, row) => names.map((_, column) => (order[row] === column ? score : 0.5)));

  test('that match each as labelled are in place', () => {
    const found = arrangementOf(names, names, arranged([0, 1, 2]), 3);
    expect(found).toEqual({ outcome: 'as_labelled', moved: [], inPlace: names });
  });
  test('of swapped hands and of neighbours taken for each other are rearranged', () => {
    const hands = arrangementOf(names, names, arranged([2, 1, 0]), 3);
    expect(hands.outcome).toBe('rearranged');
    expect(hands.moved).toEqual([
      { from: 'right_index', to: 'left_index', score: 5 },
      { from: 'left_index', to: 'right_index', score: 5 },
    ]);
    expect(hands.inPlace).toEqual(['right_middle']);
    expect(arrangementOf(names, names, arranged([1, 0, 2]), 3).moved.map(({ to }) => to)).toEqual([
      'right_middle',
      'right_index',
    ]);
  });
  test('of another person tell nothing, also where nothing is known of a finger', () => {
    expect(arrangementOf(names, names, arranged([0, 1, 2], 2), 3).outcome).toBe('unclear');
    expect(arrangementOf(names, [], [[], [], []], 3)).toEqual({ outcome: 'unclear', moved: [], inPlace: [] });
    expect(arrangementOf([], names, [], 3).outcome).toBe('unclear');
  });
  test('take the best of several references of a finger', () => {
    const twice = ['right_index', 'right_index', 'left_index'];
    expect(arrangementOf(['right_index'], twice, [[1, 4, 3.5]], 3).inPlace).toEqual(['right_index']);
    expect(arrangementOf(['left_index'], twice, [[1, 4, 2]], 3).moved).toEqual([
      { from: 'left_index', to: 'right_index', score: 4 },
    ]);
  });
  test('that disagree in number are refused', () => {
    expect(() => arrangementOf(names, names, [[1]], 3)).toThrow(RangeError);
    expect(() => arrangementOf(['a'], ['a', 'b'], [[1]], 3)).toThrow(RangeError);
  });
});
