import { render } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { ScreenView } from '../../contract/screen.ts';
import { send, useView } from './api.ts';
import { FaceStep, Fingers, Working } from './capture.tsx';
import { Ended, Receipt, Refused, Review } from './closing.tsx';
import { AdviceLine, Button, Footer, Progress } from './parts.tsx';
import { Consent, Contact, Documents, Idle, LanguageStep, Purpose } from './registration.tsx';
import { type Say, speaker } from './text.ts';

function Step({ screen, say }: { screen: ScreenView; say: Say }) {
  const { view, language } = screen;
  const common = { language, say };
  switch (view.step) {
    case 'idle':
      return <Idle view={view} {...common} />;
    case 'language':
      return <LanguageStep view={view} {...common} />;
    case 'purpose':
      return <Purpose view={view} {...common} />;
    case 'documents':
      return <Documents view={view} {...common} />;
    case 'consent':
      return <Consent view={view} {...common} />;
    case 'contact':
      return <Contact key={screen.visitId ?? ''} view={view} {...common} />;
    case 'fingers':
      return <Fingers key={view.position} view={view} {...common} />;
    case 'face':
      return <FaceStep view={view} {...common} />;
    case 'comparing':
    case 'submitting':
      return <Working step={view.step} say={say} />;
    case 'review':
      return <Review view={view} {...common} />;
    case 'receipt':
      return <Receipt view={view} {...common} />;
    case 'refused':
      return <Refused view={view} {...common} />;
    case 'ended':
      return <Ended view={view} {...common} />;
  }
}

function Screen() {
  const screen = useView();
  const language = screen?.language ?? 'vi';
  const say = useMemo(() => speaker(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = say('app.title');
  }, [language, say]);
  if (!screen) return <main class="centred">{say('common.offline')}</main>;
  const problem = screen.deviceProblems[0];
  return (
    <div class="frame" data-step={screen.view.step}>
      <header>
        <strong>{say('app.title')}</strong>
        <Progress step={screen.view.step} say={say} />
      </header>
      {problem && <AdviceLine>{say(`device.problem.${problem.role}`)}</AdviceLine>}
      {screen.officerCalled && <AdviceLine>{say('officer.called')}</AdviceLine>}
      {screen.secondsLeft !== null && (
        <div class="hurry" role="alert">
          {say('common.seconds_left', { seconds: screen.secondsLeft })}{' '}
          <Button onTouch={() => send({ type: 'still_here' })}>{say('common.still_here')}</Button>
        </div>
      )}
      <Step screen={screen} say={say} />
      <Footer screen={screen} say={say} />
    </div>
  );
}

const root = document.getElementById('screen');
if (root) render(<Screen />, root);
document.addEventListener('contextmenu', event => event.preventDefault());
