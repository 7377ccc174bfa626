import { render } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import type { ScreenView } from '../../contract/screen.ts';
import { OFFERED_LANGUAGES } from '../messages/index.ts';
import { type Say, speaker } from '../text.ts';
import { useView } from './api.ts';
import { LeaveDialog, Notices, TimeDialog } from './around.tsx';
import { FaceStep, Fingers, Working } from './capture.tsx';
import { Ended, Receipt, Refused, Review } from './closing.tsx';
import { Contact } from './contact.tsx';
import { guardPage } from './guard.ts';
import { Icon } from './icons.tsx';
import { Progress } from './parts.tsx';
import { Bring, Ground, Purpose, Relation } from './purpose.tsx';
import { Consent, Documents, Idle, LanguageStep } from './registration.tsx';
import { Integrate, SimCheck } from './tk01.tsx';
import { Tools } from './tools.tsx';
import { useVoice } from './voice.ts';

function Step({ screen, say }: { screen: ScreenView; say: Say }) {
  const { view, language, purpose } = screen;
  const common = { language, purpose, say };
  switch (view.step) {
    case 'idle':
      return <Idle />;
    case 'language':
      return <LanguageStep view={view} {...common} />;
    case 'purpose':
      return <Purpose view={view} {...common} />;
    case 'bring':
      return <Bring view={view} {...common} />;
    case 'ground':
      return <Ground view={view} {...common} />;
    case 'relation':
      return <Relation view={view} {...common} />;
    case 'documents':
      return <Documents key={view.wanted} view={view} {...common} />;
    case 'consent':
      return <Consent view={view} {...common} />;
    case 'contact':
      return <Contact view={view} {...common} />;
    case 'sim':
      return <SimCheck view={view} {...common} />;
    case 'integrate':
      return <Integrate view={view} {...common} />;
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

/** Regular expressions remember the words that the last of them met (RegExp.input): a visitor's must not stay there. */
const forgetMatch = () => void /^/.test('');

/** Everything the page knows of one visit: made anew with each, so that nothing of the one before can be left. */
function Visit({ screen, say }: { screen: ScreenView; say: Say }) {
  const [leaving, setLeaving] = useState<'end' | 'restart' | null>(null);
  useEffect(() => forgetMatch, []);
  const { secondsLeft } = screen;
  const asked = leaving !== null || secondsLeft !== null;
  return (
    <>
      <div class="frame" data-step={screen.view.step} inert={asked}>
        <header>
          <strong>
            <Icon sign="print" />
            {say('app.title')}
          </strong>
          <Progress step={screen.view.step} purpose={screen.purpose} say={say} />
          <Notices screen={screen} say={say} />
        </header>
        <Step screen={screen} say={say} />
        <Tools
          screen={screen}
          say={say}
          onEnd={() => setLeaving('end')}
          onRestart={() => setLeaving('restart')}
        />
      </div>
      {secondsLeft !== null ? (
        <TimeDialog seconds={secondsLeft} say={say} />
      ) : (
        leaving && <LeaveDialog leaving={leaving} say={say} onStay={() => setLeaving(null)} />
      )}
    </>
  );
}

function Screen() {
  const screen = useView();
  const language = screen?.language ?? 'vi';
  const say = useMemo(() => speaker(language), [language]);
  useVoice(screen);
  const { textPercent, highContrast } = screen?.comfort ?? { textPercent: 100, highContrast: false };
  // With the page they belong to, not a moment later: a screen reader begins with the right voice.
  useLayoutEffect(() => {
    Object.assign(document.documentElement.dataset, { text: textPercent, contrast: highContrast });
  }, [textPercent, highContrast]);
  useLayoutEffect(() => {
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

guardPage();
const root = document.getElementById('screen');
if (root) render(<Screen />, root);
