/** What stands below every step: the way back, the way out, help, and how the page looks and sounds. */
import type { ComponentChildren } from 'preact';
import type { Comfort, ScreenView } from '../../contract/screen.ts';
import type { Say } from '../text.ts';
import { send } from './api.ts';
import { Icon, type Sign } from './icons.tsx';

/** Steps that have a way out of their own. */
const CLOSING: readonly ScreenView['view']['step'][] = ['receipt', 'refused'];

const LARGER = { 100: 150, 150: 200, 200: 100 } as const;

export function Tools(props: { screen: ScreenView; say: Say; onEnd: () => void; onRestart: () => void }) {
  const { screen, say, onEnd, onRestart } = props;
  const { comfort, officerCalled } = screen;
  const closing = CLOSING.includes(screen.view.step);
  const change = (wish: Partial<Comfort>) => send({ type: 'comfort', ...comfort, ...wish });
  return (
    <footer>
      <nav class="tools" aria-label={say('common.tools')}>
        {screen.canGoBack && (
          <Tool sign="left" onTouch={() => send({ type: 'back' })}>
            {say('common.back')}
          </Tool>
        )}
        {!closing && (
          <Tool sign="again" onTouch={onRestart}>
            {say('common.restart')}
          </Tool>
        )}
        <Tool
          sign="text"
          pressed={comfort.textPercent > 100}
          onTouch={() => change({ textPercent: LARGER[comfort.textPercent] })}
        >
          {say('common.text_size')}
        </Tool>
        <Tool
          sign="contrast"
          pressed={comfort.highContrast}
          onTouch={() => change({ highContrast: !comfort.highContrast })}
        >
          {say('common.contrast')}
        </Tool>
        <Tool
          sign="sound"
          pressed={comfort.readAloud}
          onTouch={() => change({ readAloud: !comfort.readAloud })}
        >
          {say('common.sound')}
        </Tool>
        <Tool sign="officer" onTouch={() => send({ type: officerCalled ? 'officer_done' : 'call_officer' })}>
          {say(officerCalled ? 'officer.done' : 'officer.call')}
        </Tool>
        {!closing && (
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
