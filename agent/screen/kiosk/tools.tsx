/** What stands below every step: the way back, the way out, help, and how the page looks and sounds. */
import type { ComponentChildren } from 'preact';
import type { Comfort, ScreenView } from '../../contract/screen.ts';
import { type Say, speaker } from '../text.ts';
import { send } from './api.ts';
import { Icon, type Sign } from './icons.tsx';

type StepName = ScreenView['view']['step'];

/** Where there is no visit to end, or the step has a way out of its own. */
const NO_END: readonly StepName[] = ['idle', 'ended', 'receipt', 'refused'];
/** Where nothing has begun, or everything is done. */
const NO_RESTART: readonly StepName[] = ['idle', 'ended', 'receipt'];
/** Until a language is chosen, what helps is named in these two. */
const BOTH = [speaker('vi'), speaker('en')] as const;

const LARGER = { 100: 150, 150: 200, 200: 100 } as const;

export function Tools(props: { screen: ScreenView; say: Say; onEnd: () => void; onRestart: () => void }) {
  const { screen, say, onEnd, onRestart } = props;
  const { comfort, officerCalled } = screen;
  const { step } = screen.view;
  const name = (key: Parameters<Say>[0]) =>
    step === 'idle' ? BOTH.map(tell => tell(key)).join(' / ') : say(key);
  const change = (wish: Partial<Comfort>) => send({ type: 'comfort', ...comfort, ...wish });
  return (
    <footer>
      <nav class="tools" aria-label={name('common.tools')}>
        {screen.canGoBack && (
          <Tool sign="left" onTouch={() => send({ type: 'back' })}>
            {say('common.back')}
          </Tool>
        )}
        {!NO_RESTART.includes(step) && (
          <Tool sign="again" onTouch={onRestart}>
            {say('common.restart')}
          </Tool>
        )}
        <Tool
          sign="text"
          pressed={comfort.textPercent > 100}
          onTouch={() => change({ textPercent: LARGER[comfort.textPercent] })}
        >
          {name('common.text_size')}
        </Tool>
        <Tool
          sign="contrast"
          pressed={comfort.highContrast}
          onTouch={() => change({ highContrast: !comfort.highContrast })}
        >
          {name('common.contrast')}
        </Tool>
        <Tool
          sign="sound"
          pressed={comfort.readAloud}
          onTouch={() => change({ readAloud: !comfort.readAloud })}
        >
          {name('common.sound')}
        </Tool>
        <Tool sign="officer" onTouch={() => send({ type: officerCalled ? 'officer_done' : 'call_officer' })}>
          {name(officerCalled ? 'officer.done' : 'officer.call')}
        </Tool>
        {!NO_END.includes(step) && (
          <Tool sign="cross" onTouch={onEnd}>
            {say('common.cancel')}
          </Tool>
        )}
      </nav>
    </footer>
  );
}

function Tool(props: { sign: Sign; pressed?: boolean; onTouch: () => void; children: ComponentChildren }) {
  return (
    <button type="button" class="tool" aria-pressed={props.pressed} onClick={props.onTouch}>
      <Icon sign={props.sign} />
      <span>{props.children}</span>
    </button>
  );
}
