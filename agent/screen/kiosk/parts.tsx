import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ScreenView } from '../../contract/screen.ts';
import { Icon } from './icons.tsx';
import { dateText, type Say } from './text.ts';

export interface StepProps<Step extends ScreenView['view']['step']> {
  readonly view: Extract<ScreenView['view'], { step: Step }>;
  readonly language: ScreenView['language'];
  readonly say: Say;
}

/** A new page takes no touch for so long: the second tap of a double touch was meant for the page before, in milliseconds. */
const SETTLE_MS = 350;

/** One step: what to do in words, the same in a picture, and what can be touched. */
export function StepPage(props: {
  title: ComponentChildren;
  words?: ComponentChildren;
  picture?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  const [settled, setSettled] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(true);
      // Screen readers begin the new page at its beginning.
      heading.current?.focus({ preventScroll: true });
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main inert={!settled}>
      <div class="words">
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.words}
      </div>
      {props.picture && <div class="picture">{props.picture}</div>}
      {props.actions && <div class="actions">{props.actions}</div>}
    </main>
  );
}

export function Button(props: {
  onTouch: () => void;
  kind?: 'main' | 'quiet' | 'danger';
  children: ComponentChildren;
}) {
  return (
    <button type="button" class={props.kind ?? 'main'} onClick={props.onTouch}>
      {props.children}
    </button>
  );
}

/** One piece of advice at a time, spoken by screen readers as it changes. */
export function Advice(props: {
  sign: Parameters<typeof Icon>[0]['sign'];
  kind?: 'mend' | 'good' | 'note';
  children: ComponentChildren;
}) {
  return (
    <p class={`advice ${props.kind ?? 'mend'}`} role="status" aria-live="polite">
      <Icon sign={props.sign} />
      <span>{props.children}</span>
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
          class={index < current || step === 'receipt' ? 'done' : index === current ? 'current' : ''}
          aria-current={index === current ? 'step' : undefined}
        >
          <span class="dot" aria-hidden="true">
            {index < current || step === 'receipt' ? <Icon sign="check" /> : index + 1}
          </span>
          {say(`progress.${milestone}`)}
        </li>
      ))}
    </ol>
  );
}
