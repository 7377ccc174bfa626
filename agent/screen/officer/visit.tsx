/** The visit in front of the machine, as it goes on, and what the officer can do to it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FingerPosition } from '../../contract/common.ts';
import type { OfficerAction, OfficerView } from '../../contract/officer.ts';
import { FINGER_POSITIONS } from '../../contract/positions.ts';
import type { ScreenView } from '../../contract/screen.ts';
import { fieldName } from '../text.ts';
import { CaseDesk } from './case.tsx';
import { Button, Choice, Confirm, Dialog } from './parts.tsx';
import { Person } from './person.tsx';
import { useWords, type Words } from './words.ts';

export interface VisitProps {
  readonly desk: OfficerView;
  readonly onAct: (action: OfficerAction) => Promise<boolean>;
  /** Why the last action was not done, in words. */
  readonly complaint: string | null;
}

export function Visit({ desk, onAct, complaint }: VisitProps) {
  const words = useWords();
  const { tell } = words;
  const { screen, allowed, openCase, overrides } = desk;
  const { view, visitId } = screen;
  const told = toldTo(screen, words);
  return (
    <>
      <h1>{tell(`step.${view.step}`)}</h1>
      {told && (
        <p class="told">
          <span>{tell('visit.sees')}:</span> {told}
        </p>
      )}
      {screen.secondsLeft !== null && (
        <p class="hurry">{tell('visit.time', { seconds: screen.secondsLeft })}</p>
      )}
      {openCase && visitId && (
        <CaseDesk openCase={openCase} visitId={visitId} desk={desk} onAct={onAct} complaint={complaint} />
      )}
      {!openCase && <Person view={view} />}
      {view.step === 'face' && <Preview />}
      {view.step === 'fingers' && <Fingers view={view} />}
      {overrides.map(({ officer, reason, at }) => (
        <p key={at} class="overridden">
          {tell('visit.overridden', { officer, reason: tell(`reason.${reason}`) })}
        </p>
      ))}
      {visitId && <Actions key={view.step} desk={desk} visitId={visitId} allowed={allowed} onAct={onAct} />}
    </>
  );
}

/** What the applicant is being told, in the officer's language. */
function toldTo({ view }: ScreenView, { say, language }: Words): string | null {
  switch (view.step) {
    case 'fingers':
      return `${say('fingers.title', { finger: say(`finger.${view.position}`) })}. ${
        view.advice ? say(`advice.${view.advice}`) : ''
      }`;
    case 'face':
      if (view.challenge) return say(`challenge.${view.challenge}`);
      return view.advice ? say(`advice.${view.advice}`) : say('face.good');
    case 'documents': {
      const { problem } = view;
      const fields = problem?.fields.map(field => fieldName(say, language, field)).join(', ') ?? '';
      return problem ? say(`document.${problem.reason}`, { fields }) : say(`documents.title.${view.wanted}`);
    }
    case 'refused':
      return say(`refused.${view.reason}`);
    case 'receipt':
      return say(`receipt.${view.delivery}`);
    case 'ended':
      return say(`ended.${view.reason}`);
    default:
      return null;
  }
}

function Preview() {
  const { say } = useWords();
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const preview = image.current;
    // A browser goes on reading the stream of an image that was only taken off the page.
    return () => preview?.removeAttribute('src');
  }, []);
  return <img ref={image} class="preview" src="/officer/api/preview.mjpeg" alt={say('face.preview')} />;
}

function Fingers({ view }: { view: Extract<ScreenView['view'], { step: 'fingers' }> }) {
  const { say } = useWords();
  const done = [...view.done, ...view.exceptions].map(({ position }) => position);
  const asked = FINGER_POSITIONS.filter(position =>
    [...done, view.position, ...view.remaining].includes(position),
  );
  const stateOf = (position: FingerPosition): [string, string] => {
    const taken = view.done.find(finger => finger.position === position);
    if (position === view.position) return ['wanted', '…'];
    if (taken) return ['done', String(taken.qualityScore)];
    return view.exceptions.some(finger => finger.position === position) ? ['excepted', '✕'] : ['', ''];
  };
  return (
    <div class="capture">
      {view.imageVersion > 0 && (
        <img
          class="print"
          src={`/officer/api/finger.png?v=${view.imageVersion}`}
          alt={say('field.fingers')}
        />
      )}
      <ol class="fingers">
        {asked.map(position => {
          const [state, mark] = stateOf(position);
          return (
            <li key={position} class={state}>
              {say(`finger.${position}`)} <strong>{mark}</strong>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

type Asking = 'end' | 'except' | 'recapture' | null;

function Actions(
  props: Omit<VisitProps, 'complaint'> & { visitId: string; allowed: OfficerView['allowed'] },
) {
  const { desk, visitId, allowed, onAct } = props;
  const { tell } = useWords();
  const [asking, setAsking] = useState<Asking>(null);
  const close = () => setAsking(null);
  const { view } = desk.screen;
  return (
    <div class="actions">
      {allowed.includes('answer_call') && (
        <Button onPress={() => onAct({ type: 'answer_call', visitId })}>{tell('visit.answer')}</Button>
      )}
      {allowed.includes('except_finger') && (
        <Button kind="quiet" onPress={() => setAsking('except')}>
          {tell('visit.except')}
        </Button>
      )}
      {allowed.includes('recapture') && (
        <Button kind="quiet" onPress={() => setAsking('recapture')}>
          {tell('visit.recapture')}
        </Button>
      )}
      {allowed.includes('end_visit') && (
        <Button kind="danger" onPress={() => setAsking('end')}>
          {tell('visit.end')}
        </Button>
      )}
      {asking === 'end' && (
        <Confirm
          title={tell('visit.end_question')}
          text={tell('visit.end_text')}
          onYes={() => onAct({ type: 'end_visit', visitId })}
          onClose={close}
        />
      )}
      {asking === 'except' && view.step === 'fingers' && (
        <ExceptDialog position={view.position} visitId={visitId} onAct={onAct} onClose={close} />
      )}
      {asking === 'recapture' && (
        <RecaptureDialog desk={desk} visitId={visitId} onAct={onAct} onClose={close} />
      )}
    </div>
  );
}

const EXCEPTIONS = ['missing', 'injured', 'unreadable', 'device'] as const;

function ExceptDialog(props: {
  position: FingerPosition;
  visitId: string;
  onAct: VisitProps['onAct'];
  onClose: () => void;
}) {
  const { position, visitId, onAct, onClose } = props;
  const { tell, say } = useWords();
  const [chosen, setChosen] = useState<(typeof EXCEPTIONS)[number] | null>(null);
  const record = () => {
    if (!chosen) return;
    onClose();
    const exception = chosen === 'device' ? 'unreadable' : chosen;
    const reason = chosen === 'device' ? 'device_defective' : 'finger_unusable';
    void onAct({ type: 'except_finger', visitId, position, exception, reason });
  };
  const finger = say(`finger.${position}`);
  return (
    <Dialog title={tell('visit.except_question', { finger })} onClose={onClose}>
      <Choice
        name={tell('reason.title')}
        options={EXCEPTIONS.map(word => [word, tell(`exception.${word}`)] as const)}
        chosen={chosen}
        onChoose={setChosen}
      />
      <div class="answers">
        <Button kind="quiet" onPress={onClose}>
          {tell('dialog.no')}
        </Button>
        <Button disabled={chosen === null} onPress={record}>
          {tell('dialog.yes')}
        </Button>
      </div>
    </Dialog>
  );
}

function RecaptureDialog(props: Omit<VisitProps, 'complaint'> & { visitId: string; onClose: () => void }) {
  const { desk, visitId, onAct, onClose } = props;
  const { tell, say } = useWords();
  const [chosen, setChosen] = useState<FingerPosition | 'portrait' | null>(null);
  const { view } = desk.screen;
  const order = (one: { position: FingerPosition }) => FINGER_POSITIONS.indexOf(one.position);
  const given = view.step === 'fingers' || view.step === 'review' ? [...view.done, ...view.exceptions] : [];
  const options = given
    .toSorted((a, b) => order(a) - order(b))
    .map(({ position }) => [position, say(`finger.${position}`)] as const);
  const again = () => {
    if (!chosen) return;
    onClose();
    void onAct({ type: 'recapture', visitId, position: chosen === 'portrait' ? null : chosen });
  };
  return (
    <Dialog title={tell('visit.recapture_question')} onClose={onClose}>
      <p>{tell('visit.recapture_text')}</p>
      <Choice
        name={tell('visit.recapture_question')}
        unnamed
        options={[
          ...(view.step === 'review' ? [['portrait', tell('visit.portrait')] as const] : []),
          ...options,
        ]}
        chosen={chosen}
        onChoose={setChosen}
      />
      <div class="answers">
        <Button kind="quiet" onPress={onClose}>
          {tell('dialog.no')}
        </Button>
        <Button disabled={chosen === null} onPress={again}>
          {tell('dialog.yes')}
        </Button>
      </div>
    </Dialog>
  );
}
