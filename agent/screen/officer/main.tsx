import { type ComponentChildren, render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Need, OfficerAction, SignedIn } from '../../contract/officer.ts';
import { Icon, type Sign } from '../kiosk/icons.tsx';
import type { OfficerLanguage } from '../messages/officer/index.ts';
import { AccountDesk } from './account.tsx';
import { act, signOut, useView, whoIsSignedIn } from './api.ts';
import { Audit, Devices, Outbox, Today } from './pages.tsx';
import { Button, Complaint, useWork } from './parts.tsx';
import { SignIn } from './sign-in.tsx';
import { Visit } from './visit.tsx';
import { useWords, WordsContext, wordsOf } from './words.ts';

const TABS = ['visit', 'account', 'devices', 'outbox', 'figures', 'audit'] as const;
type Tab = (typeof TABS)[number];

/** Where each need is met, and its sign. */
const NEEDS: Record<Need['kind'], { tab: Tab; sign: Sign }> = {
  case: { tab: 'visit', sign: 'people' },
  call: { tab: 'visit', sign: 'officer' },
  device: { tab: 'devices', sign: 'unplugged' },
  packets: { tab: 'outbox', sign: 'message' },
  full: { tab: 'outbox', sign: 'warning' },
};

/** Needs with a person behind them. */
const URGENT: readonly Need['kind'][] = ['case', 'call'];

/** Everything a signed-in officer sees: taken down as a whole with the sign-in, so that nothing of it stays. */
function Desk({ who, onLost, onLanguage }: { who: SignedIn; onLost: () => void; onLanguage: () => void }) {
  const { tell } = useWords();
  const desk = useView(onLost);
  const [tab, setTab] = useState<Tab>('visit');
  const { complaint, work } = useWork();
  const onAct = (action: OfficerAction) => work(() => act(action, who));
  const leave = () => void signOut(who).then(onLost, onLost);
  return (
    <>
      <Header onLanguage={onLanguage}>
        <span class="who">
          {desk && `${desk.office} · ${desk.kiosk} · `}
          {who.officer} ({tell(`role.${who.role}`)})
        </span>
        <Button kind="quiet" onPress={leave}>
          {tell('sign_out')}
        </Button>
      </Header>
      {desk ? (
        <div class="desk">
          <aside aria-label={tell('needs.title')}>
            <Needs needs={desk.needs} onOpen={setTab} />
            <nav aria-label={tell('tabs')}>
              {TABS.map(name => (
                <button
                  key={name}
                  type="button"
                  class="tab"
                  aria-current={tab === name ? 'page' : undefined}
                  onClick={() => setTab(name)}
                >
                  {tell(`tab.${name}`)}
                </button>
              ))}
            </nav>
          </aside>
          <main>
            <Complaint text={complaint} />
            {tab === 'visit' && (
              <Visit key={desk.screen.visitId} desk={desk} onAct={onAct} complaint={complaint} />
            )}
            {tab === 'account' && (
              <AccountDesk
                supervisor={who.role === 'supervisor'}
                expected={desk.accountDecision}
                onAct={onAct}
              />
            )}
            {tab === 'devices' && <Devices desk={desk} />}
            {tab === 'outbox' && <Outbox supervisor={who.role === 'supervisor'} onAct={onAct} />}
            {tab === 'figures' && <Today />}
            {tab === 'audit' && <Audit />}
          </main>
        </div>
      ) : (
        <main class="sign-in">
          <h1>{tell('offline')}</h1>
        </main>
      )}
    </>
  );
}

function Header({ onLanguage, children }: { onLanguage: () => void; children?: ComponentChildren }) {
  const { tell, language } = useWords();
  return (
    <header>
      <strong>
        <Icon sign="print" /> {tell('title')}
      </strong>
      {children}
      <Button kind="quiet" onPress={onLanguage}>
        <span lang={language === 'vi' ? 'en' : 'vi'}>{tell('language')}</span>
      </Button>
    </header>
  );
}

function Needs({ needs, onOpen }: { needs: readonly Need[]; onOpen: (tab: Tab) => void }) {
  const { tell, say } = useWords();
  /** What exactly: the device, or why no visit can begin. */
  const detail = ({ kind, word }: Need) => {
    if (kind === 'device' && word) return tell(`device.${word}` as 'device.camera');
    if (kind === 'full' && word) return say(`refused.${word}` as 'refused.disk_full');
    if (kind === 'case' && word) return tell(`outcome.${word}` as 'outcome.no_match');
    return null;
  };
  return (
    <section aria-live="polite">
      <h2>
        {tell('needs.title')} {needs.length > 0 && <span class="count">{needs.length}</span>}
      </h2>
      {needs.length === 0 && (
        <p class="quiet-time">
          <Icon sign="check" /> {tell('needs.none')}
        </p>
      )}
      {needs.map(need => (
        <button
          key={`${need.kind}:${need.word}`}
          type="button"
          class={`need ${URGENT.includes(need.kind) ? 'urgent' : ''}`}
          onClick={() => onOpen(NEEDS[need.kind].tab)}
        >
          <Icon sign={NEEDS[need.kind].sign} />
          <span>
            <strong>{tell(`need.${need.kind}`, { word: need.word ?? '' })}</strong>
            {detail(need) && <span>{detail(need)}</span>}
            {need.seconds !== null && (
              <small>{tell('waited', { minutes: Math.floor(need.seconds / 60) })}</small>
            )}
          </span>
        </button>
      ))}
    </section>
  );
}

function Console() {
  const [language, setLanguage] = useState<OfficerLanguage>('vi');
  const words = useMemo(() => wordsOf(language), [language]);
  const [who, setWho] = useState<SignedIn | null>(null);
  const [pins, setPins] = useState(false);
  const [asked, setAsked] = useState(false);
  const [wasSignedOut, setWasSignedOut] = useState(false);
  const { tell } = words;
  useEffect(() => {
    whoIsSignedIn()
      .then(answer => {
        setWho(answer.signedIn);
        setPins(answer.pins);
      })
      // An agent that is away is found out by whoever signs in.
      .catch(() => undefined)
      .finally(() => setAsked(true));
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = tell('title');
  }, [language, tell]);
  const onLanguage = () => setLanguage(now => (now === 'vi' ? 'en' : 'vi'));
  const lost = () => {
    setWho(null);
    setWasSignedOut(true);
  };
  return (
    <WordsContext.Provider value={words}>
      {pins && (
        <p class="pins" role="alert">
          <Icon sign="warning" /> {tell('pins')}
        </p>
      )}
      {who ? (
        <Desk key={who.token} who={who} onLost={lost} onLanguage={onLanguage} />
      ) : (
        <>
          <Header onLanguage={onLanguage} />
          {asked && <SignIn pins={pins} wasSignedOut={wasSignedOut} onSignedIn={setWho} />}
        </>
      )}
    </WordsContext.Provider>
  );
}

const root = document.getElementById('desk');
if (root) render(<Console />, root);
