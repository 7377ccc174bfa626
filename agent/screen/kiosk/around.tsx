/** What stands around every step: faults of devices, and questions before everything else. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ScreenView } from '../../contract/screen.ts';
import type { Say } from '../text.ts';
import { send } from './api.ts';
import { Icon } from './icons.tsx';
import { AdviceLine, Button } from './parts.tsx';

export function Notices({ screen, say }: { screen: ScreenView; say: Say }) {
  const problem = screen.deviceProblems[0];
  return (
    <div class="notices" role="status" aria-live="polite">
      {problem && <AdviceLine sign="unplugged">{say(`device.problem.${problem.role}`)}</AdviceLine>}
      {screen.officerCalled && (
        <AdviceLine sign="officer" kind="note">
          {say('officer.called')}
        </AdviceLine>
      )}
    </div>
  );
}

/** A question before everything else; the answer that changes nothing comes first. */
function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const dialog = useRef<HTMLDivElement>(null);
  useEffect(() => dialog.current?.focus(), []);
  return (
    <div class="veil">
      <div
        class="dialog"
        role="alertdialog"
        aria-modal="true"
        aria-labelledby="question"
        tabIndex={-1}
        ref={dialog}
      >
        <h2 id="question">{title}</h2>
        {children}
      </div>
    </div>
  );
}

/** Before everything entered so far is deleted. */
export function LeaveDialog(props: { leaving: 'end' | 'restart'; say: Say; onStay: () => void }) {
  const { leaving, say, onStay } = props;
  const ending = leaving === 'end';
  return (
    <Dialog title={say(ending ? 'common.end_question' : 'common.restart_question')}>
      <p>{say('common.end_text')}</p>
      <Button onTouch={onStay}>{say('common.end_no')}</Button>
      <Button kind="danger" onTouch={() => send({ type: ending ? 'cancel' : 'restart' })}>
        {say(ending ? 'common.end_yes' : 'common.restart_yes')}
      </Button>
    </Dialog>
  );
}

export function TimeDialog({ seconds, say }: { seconds: number; say: Say }) {
  // The longest it was is the whole ring: how long a warning lasts is the operator's to say.
  const [whole, setWhole] = useState(seconds);
  useEffect(() => setWhole(most => Math.max(most, seconds)), [seconds]);
  const share = seconds / Math.max(whole, 1);
  return (
    <Dialog title={say('common.still_there')}>
      <svg class="countdown" viewBox="-52 -52 104 104" aria-hidden="true">
        <circle r="44" />
        <circle class="left" r="44" pathLength="1" stroke-dasharray={`${share} 1`} transform="rotate(-90)" />
        <text y="12">{seconds}</text>
      </svg>
      <p>{say('common.seconds_left', { seconds })}</p>
      <Button onTouch={() => send({ type: 'still_here' })}>
        <Icon sign="check" />
        {say('common.still_here')}
      </Button>
    </Dialog>
  );
}
