import type { ComponentChildren } from 'preact';
import type { ScreenView } from '../../contract/screen.ts';
import { send } from './api.ts';
import { dateText, type Say } from './text.ts';

export interface StepProps<Step extends ScreenView['view']['step']> {
  readonly view: Extract<ScreenView['view'], { step: Step }>;
  readonly language: ScreenView['language'];
  readonly say: Say;
}

export function Button(props: { onTouch: () => void; kind?: 'main' | 'quiet'; children: ComponentChildren }) {
  return (
    <button type="button" class={props.kind ?? 'main'} onClick={props.onTouch}>
      {props.children}
    </button>
  );
}

/** One piece of advice at a time, spoken by screen readers as it changes. */
export function AdviceLine({ children }: { children: ComponentChildren }) {
  return (
    <p class="advice" role="status" aria-live="polite">
      {children}
    </p>
  );
}

export function Expected(props: {
  expected: StepProps<'receipt'>['view']['expected'];
  language: ScreenView['language'];
  say: Say;
}) {
  const { expected, language, say } = props;
  const { within3WorkingDays: soon, within7WorkingDays: late } = expected;
  if (!soon && !late) return null;
  const text =
    soon && late
      ? say('expected.both', { soon: dateText(language, soon), late: dateText(language, late) })
      : say('expected.one', { date: dateText(language, soon ?? late ?? '') });
  return (
    <p class="expected">
      {text} {expected.provisional && <small>{say('expected.provisional')}</small>}
    </p>
  );
}

const MILESTONES = ['documents', 'consent', 'contact', 'fingers', 'face', 'review', 'receipt'] as const;

/** Where in the visit this is. Steps without a milestone of their own belong to the one before. */
export function Progress({ step, say }: { step: ScreenView['view']['step']; say: Say }) {
  const aliases: Record<string, (typeof MILESTONES)[number]> = { comparing: 'face', submitting: 'review' };
  const current = MILESTONES.indexOf(aliases[step] ?? (step as (typeof MILESTONES)[number]));
  if (current < 0) return null;
  return (
    <ol class="progress">
      {MILESTONES.map((milestone, index) => (
        <li
          key={milestone}
          class={index < current ? 'done' : index === current ? 'current' : ''}
          aria-current={index === current ? 'step' : undefined}
        >
          {say(`progress.${milestone}`)}
        </li>
      ))}
    </ol>
  );
}

export function Footer({ screen, say }: { screen: ScreenView; say: Say }) {
  if (screen.visitId === null) return null;
  const officer = screen.officerCalled ? 'officer.done' : 'officer.call';
  return (
    <footer>
      <Button kind="quiet" onTouch={() => send({ type: 'cancel' })}>
        {say('common.cancel')}
      </Button>
      <Button
        kind="quiet"
        onTouch={() => send({ type: screen.officerCalled ? 'officer_done' : 'call_officer' })}
      >
        {say(officer)}
      </Button>
    </footer>
  );
}
