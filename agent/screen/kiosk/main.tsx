import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ScreenView } from '../../contract/screen.ts';
import { OFFERED_LANGUAGES } from '../messages/index.ts';
import { useView } from './api.ts';
import { EndDialog, Footer, Notices, TimeDialog } from './around.tsx';
import { FaceStep, Fingers, Working } from './capture.tsx';
import { Ended, Receipt, Refused, Review } from './closing.tsx';
import { Contact } from './contact.tsx';
import { Icon } from './icons.tsx';
import { Progress } from './parts.tsx';
import { Consent, Documents, Idle, LanguageStep, Purpose } from './registration.tsx';
import { type Say, speaker } from './text.ts';

function Step({ screen, say }: { screen: ScreenView; say: Say }) {
  const { view, language } = screen;
  const common = { language, say };
  switch (view.step) {
    case 'idle':
      return <Idle />;
    case 'language':
      return <LanguageStep view={view} {...common} />;
    case 'purpose':
      return <Purpose view={view} {...common} />;
    case 'documents':
      return <Documents key={view.wanted} view={view} {...common} />;
    case 'consent':
      return <Consent view={view} {...common} />;
    case 'contact':
      return <Contact view={view} {...common} />;
    case 'fingers':
      return <Fingers view={view} {...common} />;
    case 'face':
      return <FaceStep view={view} {...common} />;
    case 'comparing':
    case 'submitting':
      return <Working key={view.step} step={view.step} say={say} />;
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

/** Everything the page knows of one visit: made anew with each, so that nothing of the one before can be left. */
function Visit({ screen, say }: { screen: ScreenView; say: Say }) {
  const [ending, setEnding] = useState(false);
  const { secondsLeft } = screen;
  const asked = ending || secondsLeft !== null;
  return (
    <>
      <div class="frame" data-step={screen.view.step} inert={asked}>
        <header>
          <strong>
            <Icon sign="print" />
            {say('app.title')}
          </strong>
          <Progress step={screen.view.step} say={say} />
          <Notices screen={screen} say={say} />
        </header>
        <Step screen={screen} say={say} />
        {screen.visitId !== null && <Footer screen={screen} say={say} onEnd={() => setEnding(true)} />}
      </div>
      {secondsLeft !== null ? (
        <TimeDialog seconds={secondsLeft} say={say} />
      ) : (
        ending && <EndDialog say={say} onStay={() => setEnding(false)} />
      )}
    </>
  );
}

function Screen() {
  const screen = useView();
  const language = screen?.language ?? 'vi';
  const say = useMemo(() => speaker(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = say('app.title');
  }, [language, say]);
  if (!screen) {
    return (
      <div class="frame" data-step="offline">
        <main>
          <div class="words">
            <h1>
              {OFFERED_LANGUAGES.map(tongue => (
                <span key={tongue} lang={tongue} class="line">
                  {speaker(tongue)('common.offline')}
                </span>
              ))}
            </h1>
          </div>
          <div class="picture">
            <div class="spinner" aria-hidden="true" />
          </div>
        </main>
      </div>
    );
  }
  return <Visit key={screen.visitId ?? screen.view.step} screen={screen} say={say} />;
}

const root = document.getElementById('screen');
if (root) render(<Screen />, root);
document.addEventListener('contextmenu', event => event.preventDefault());
