import { describe, expect, it } from 'vitest';
import { ScreenView } from '../../agent/contract/screen.ts';
import { type ViewContext, viewOf } from '../../agent/session/view.ts';
import {
  CANARY,
  CONSENT_SHA256,
  holdsBiometric,
  input,
  SCORE,
  STORY,
  statesOf,
  VIEW_CONTEXT,
} from '../fixtures/visit.ts';

const context = VIEW_CONTEXT;

const refused = statesOf([
  ...STORY.slice(0, 7),
  input({ type: 'consent', accepted: false, textSha256: CONSENT_SHA256 }),
]).at(-1)!;
const states = [...statesOf(STORY), refused];

describe('the view of a visit', () => {
  it.each(states.map(state => [state.kind, state] as const))(
    '%s is a view of the contract',
    (kind, state) => {
      const view = viewOf(state, context);
      expect(ScreenView.parse(view)).toEqual(view);
      expect(view.view.step).toBe(kind);
    },
  );

  it('shows no score of the comparison, no template, no image', () => {
    for (const state of states) {
      const view = viewOf(state, context);
      expect(holdsBiometric(view), state.kind).toBe(false);
      const text = JSON.stringify(view);
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(String(SCORE));
      expect(text).not.toContain('threshold');
    }
  });

  it('tells the seconds left only after a warning', () => {
    const [, language] = states;
    expect(viewOf(language!, context).secondsLeft).toBeNull();
    const warned = statesOf([...STORY.slice(0, 1), { type: 'time_out' }]).at(-1)!;
    expect(viewOf(warned, context).secondsLeft).toBe(7);
  });

  it('says nothing of the person before the consent and after the submission', () => {
    for (const state of states.filter(({ kind }) => !['contact', 'review'].includes(kind)))
      expect(JSON.stringify(viewOf(state, context)), state.kind).not.toContain('MUSTER');
  });

  it('promises dates by what the database holds, also after the packet is gone', () => {
    const asked: unknown[] = [];
    const asking: ViewContext = {
      ...context,
      expectedDates: (lookup, purpose) => {
        asked.push(lookup);
        return context.expectedDates(lookup, purpose);
      },
    };
    for (const state of states.filter(({ kind }) => ['review', 'receipt'].includes(kind)))
      viewOf(state, asking);
    expect(asked).toEqual(Array(5).fill({ state: 'found', onFile: { face: true, finger: true } }));
  });
});
