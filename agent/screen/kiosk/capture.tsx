/** Steps at the devices: fingers and portrait, live. */
import { useState } from 'preact/hooks';
import { FINGER_POSITIONS } from '../../contract/positions.ts';
import { send } from './api.ts';
import { Hands } from './hands.tsx';
import { AdviceLine, Button, type StepProps } from './parts.tsx';

export function Fingers({ view, say }: StepProps<'fingers'>) {
  const [asking, setAsking] = useState(false);
  const { position } = view;
  const except = (reason: 'missing' | 'injured') => {
    setAsking(false);
    send({ type: 'finger_exception', position, reason });
  };
  const done = view.done.map(finger => finger.position);
  const excepted = view.exceptions.map(finger => finger.position);
  return (
    <main>
      <h1>{say('fingers.title', { finger: say(`finger.${position}`) })}</h1>
      <div class="capture">
        <Hands positions={FINGER_POSITIONS} wanted={position} done={done} excepted={excepted} />
        <figure class="print">
          {view.imageVersion > 0 ? (
            <img src={`/api/finger.png?v=${view.imageVersion}`} alt="" />
          ) : (
            <span class="empty" aria-hidden="true" />
          )}
          {view.qualityScore !== null && (
            <figcaption>
              <meter min={0} max={100} low={30} high={60} optimum={100} value={view.qualityScore} />
              {say('fingers.quality', { score: view.qualityScore })}
            </figcaption>
          )}
        </figure>
      </div>
      <AdviceLine>{view.advice && say(`advice.${view.advice}`)}</AdviceLine>
      <p class="count">{say('fingers.done', { count: view.done.length })}</p>
      {asking ? (
        <div class="choices">
          <Button onTouch={() => except('missing')}>{say('fingers.exception.missing')}</Button>
          <Button onTouch={() => except('injured')}>{say('fingers.exception.injured')}</Button>
          <Button kind="quiet" onTouch={() => setAsking(false)}>
            {say('common.back')}
          </Button>
        </div>
      ) : (
        <Button kind="quiet" onTouch={() => setAsking(true)}>
          {say('fingers.exception')}
        </Button>
      )}
    </main>
  );
}

export function FaceStep({ view, say }: StepProps<'face'>) {
  const { outline } = view;
  return (
    <main>
      <h1>{say('face.title')}</h1>
      <div class="camera">
        <img src="/api/preview.mjpeg" alt="" />
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          {outline && (
            <ellipse
              class={view.advice ? 'wanting' : 'good'}
              cx={outline.x + outline.width / 2}
              cy={outline.y + outline.height / 2}
              rx={outline.width * 0.62}
              ry={outline.height * 0.62}
            />
          )}
        </svg>
      </div>
      <progress max={1} value={view.progress} />
      <AdviceLine>
        {say(view.advice ? `advice.${view.advice}` : outline ? 'face.good' : 'face.text')}
      </AdviceLine>
    </main>
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
    <main class="centred">
      <h1>{say(`${step}.title`)}</h1>
      {step === 'comparing' && <p>{say('comparing.text')}</p>}
      <div class="spinner" aria-hidden="true" />
    </main>
  );
}
