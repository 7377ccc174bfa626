import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ScreenView } from '../../contract/screen.ts';
import { expectedText } from '../receipt.ts';
import type { Say } from '../text.ts';
import { Icon } from './icons.tsx';

export interface StepProps<Step extends ScreenView['view']['step']> {
  readonly view: Extract<ScreenView['view'], { step: Step }>;
  readonly language: ScreenView['language'];
  readonly purpose: ScreenView['purpose'];
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
    const timer = setTimeout(() => setSettled(true), SETTLE_MS);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    // Screen readers begin the new page at its beginning; what is inert takes no focus.
    if (settled) heading.current?.focus({ preventScroll: true });
  }, [settled]);
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

interface AdviceProps {
  readonly sign: Parameters<typeof Icon>[0]['sign'];
  readonly kind?: 'mend' | 'good' | 'note';
  readonly children: ComponentChildren;
}

/** One piece of advice at a time, spoken by screen readers as it changes. */
export const Advice = (props: AdviceProps) => (
  <div role="status" aria-live="polite">
    <AdviceLine {...props} />
  </div>
);

/** Advice that comes and goes, within a `Told` that stays. */
export const AdviceLine = ({ sign, kind = 'mend', children }: AdviceProps) => (
  <p class={`advice ${kind}`}>
    <Icon sign={sign} />
    <span>{children}</span>
  </p>
);

/** Where something may come to stand later: a screen reader tells only what changes in a place that was there before. */
export const Told = ({ children }: { children: ComponentChildren }) => (
  <div class="told" role="status" aria-live="polite">
    {children}
  </div>
);

export function Expected(props: {
  expected: StepProps<'receipt'>['view']['expected'];
  language: ScreenView['language'];
  say: Say;
}) {
  const { expected, language, say } = props;
  const text = expectedText(expected, language, say);
  if (!text) return null;
  return (
    <p class="expected">
      {text} {expected.provisional && <small>{say('expected.provisional')}</small>}
    </p>
  );
}

const MILESTONES = ['documents', 'consent', 'contact', 'fingers', 'face', 'review', 'receipt'] as const;

/** Where in the visit this is. Steps without a milestone of their own belong to the one before. */
export function Progress({
  step,
  purpose,
  say,
}: Pick<StepProps<'receipt'>, 'purpose' | 'say'> & { step: ScreenView['view']['step'] }) {
  const aliases: Record<string, (typeof MILESTONES)[number]> = {
    bring: 'documents',
    ground: 'documents',
    relation: 'documents',
    sim: 'contact',
    integrate: 'contact',
    comparing: 'face',
    submitting: 'review',
  };
  // No form is filled in where an account is locked or unlocked.
  const milestones = MILESTONES.filter(name => name !== 'contact' || purpose === 'register_level_2');
  const current = milestones.indexOf(aliases[step] ?? (step as (typeof MILESTONES)[number]));
  if (current < 0) return null;
  return (
    <ol class="progress">
      {milestones.map((milestone, index) => (
        <li
          key={milestone}
          class={index < current || step === 'receipt' ? 'done' : index === current ? 'current' : ''}
          aria-current={index === current ? 'step' : undefined}
        >
          <span class="dot" aria-hidden="true">
            {index < current || step === 'receipt' ? <Icon sign="check" /> : index + 1}
          </span>
          <span class="label">{say(`progress.${milestone}`)}</span>
        </li>
      ))}
    </ol>
  );
}
