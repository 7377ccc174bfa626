import { expect, it } from 'vitest';
import { anyOf, jointRate } from '../../models/rates.ts';

it('joins the rates of independent comparisons by Fisher’s method', () => {
  expect(jointRate([0.01])).toBeCloseTo(0.01, 12);
  // Chi-square of four degrees of freedom at -2 ln(0.01 * 0.001).
  expect(jointRate([0.01, 0.001])).toBeCloseTo(1.2513e-4, 8);
  expect(jointRate([1, 1])).toBe(1);
  expect(jointRate([])).toBe(1);
  expect(jointRate([0, 0.5])).toBe(0);
});

it('keeps tiny rates exact when there are many chances', () => {
  expect(anyOf(1e-12, 1000)).toBeCloseTo(1e-9, 18);
  expect(anyOf(0.5, 2)).toBeCloseTo(0.75, 12);
  expect(anyOf(1, 3)).toBe(1);
  expect(anyOf(0.1, 0)).toBe(0);
});
