/** Steps at the devices: fingers and portrait, live. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FingerPosition } from '../../contract/common.ts';
import { FINGER_POSITIONS } from '../../contract/positions.ts';
import { send } from './api.ts';
import { Hands } from './hands.tsx';
import { ADVICE_SIGN, Icon } from './icons.tsx';
import { Advice, Button, StepPage, type StepProps } from './parts.tsx';

export function Fingers({ view, say }: StepProps<'fingers'>) {
  // The finger the applicant says cannot be placed; once the next one is asked for, the question is over.
  const [askingFor, setAskingFor] = useState<FingerPosition | null>(null);
  const { position, advice } = view;
  const except = (reason: 'missing' | 'injured') => send({ type: 'finger_exception', position, reason });
  const done = view.done.map(finger => finger.position);
  const excepted = view.exceptions.map(finger => finger.position);
  const count = done.length + excepted.length;
  return (
    <StepPage
      title={say('fingers.title', { finger: say(`finger.${position}`) })}
      words={
        <>
          {advice || view.qualityScore === null ? (
            <Advice
              sign={ADVICE_SIGN[advice ?? 'place_finger']}
              kind={advice && advice !== 'place_finger' ? 'mend' : 'note'}
            >
              {say(`advice.${advice ?? 'place_finger'}`)}
            </Advice>
          ) : (
            <Advice sign="check" kind="good">
              {say('fingers.good')}
            </Advice>
          )}
          <p class="count">
            {say('fingers.count', { count, all: count + 1 + view.remaining.length })}
            <progress aria-hidden="true" max={count + 1 + view.remaining.length} value={count} />
          </p>
        </>
      }
      picture={<Hands positions={FINGER_POSITIONS} wanted={position} done={done} excepted={excepted} />}
      actions={
        <>
          {askingFor !== position && <Print view={view} say={say} />}
          {askingFor === position ? (
            <div class="choices">
              <Button onTouch={() => except('missing')}>{say('fingers.exception.missing')}</Button>
              <Button onTouch={() => except('injured')}>{say('fingers.exception.injured')}</Button>
              <Button kind="quiet" onTouch={() => setAskingFor(null)}>
                <Icon sign="left" />
                {say('common.back')}
              </Button>
            </div>
          ) : (
            <Button kind="quiet" onTouch={() => setAskingFor(position)}>
              {say('fingers.exception')}
            </Button>
          )}
        </>
      }
    />
  );
}

/** Below it a print was not taken; from the second on it is a good one (quality 0..100). For the colours only. */
const [POOR, GOOD] = [30, 60];

/** The print last taken, with the finger it is of once that finger is done. */
function Print({ view, say }: Pick<StepProps<'fingers'>, 'view' | 'say'>) {
  const last = view.done.at(-1);
  const score = view.qualityScore ?? last?.qualityScore ?? null;
  const finger = view.qualityScore === null ? last?.position : view.position;
  const refused = view.qualityScore !== null && view.advice !== null;
  const state = refused ? 'refused' : 'good';
  // The last finger's image goes with the step: asked for now, it would be gone before it came.
  const leaving = view.qualityScore !== null && !refused && view.remaining.length === 0;
  if (view.imageVersion === 0 || score === null || !finger) {
    return (
      <figure class="print empty">
        <span class="glass">
          <Icon sign="print" />
        </span>
      </figure>
    );
  }
  return (
    <figure class={`print ${state}`}>
      <span class="glass">
        {!leaving && <img src={`/api/finger.png?v=${view.imageVersion}`} alt={say(`finger.${finger}`)} />}
        <span class="stamp">
          <Icon sign={refused ? 'cross' : 'check'} />
        </span>
      </span>
      <figcaption>
        <strong>{say(`finger.${finger}`)}</strong>
        <span>{say('fingers.quality', { score })}</span>
        <meter aria-hidden="true" min={0} max={100} low={POOR} high={GOOD} optimum={100} value={score} />
      </figcaption>
    </figure>
  );
}

export function FaceStep({ view, say }: StepProps<'face'>) {
  const { outline, advice, challenge } = view;
  const preview = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const image = preview.current;
    // A browser goes on reading the stream of an image that was only taken off the page.
    return () => image?.removeAttribute('src');
  }, []);
  return (
    <StepPage
      title={say('face.title')}
      words={
        <>
          {!challenge && <p>{say('face.text')}</p>}
          {advice ? (
            <Advice sign={ADVICE_SIGN[advice]}>{say(`advice.${advice}`)}</Advice>
          ) : challenge ? (
            <Advice sign="person">{say(`challenge.${challenge}`)}</Advice>
          ) : outline ? (
            <Advice sign="check" kind="good">
              {say('face.good')}
            </Advice>
          ) : (
            <Advice sign="person" kind="note">
              {say('advice.no_face')}
            </Advice>
          )}
          <progress aria-label={say('progress.face')} max={1} value={view.progress} />
        </>
      }
      picture={
        <div class="camera">
          <img ref={preview} src="/api/preview.mjpeg" alt={say('face.preview')} />
          <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
            {outline && (
              <ellipse
                class={advice ? 'wanting' : 'good'}
                cx={outline.x + outline.width / 2}
                cy={outline.y + outline.height / 2}
                rx={outline.width * 0.62}
                ry={outline.height * 0.62}
              />
            )}
          </svg>
        </div>
      }
    />
  );
}

export function Working({
  say,
  step,
}: {
  say: StepProps<'comparing'>['say'];
  step: 'comparing' | 'submitting';
}) {
  return (
    <StepPage
      title={say(`${step}.title`)}
      words={step === 'comparing' && <p>{say('comparing.text')}</p>}
      picture={<div class="spinner" aria-hidden="true" />}
    />
  );
}
