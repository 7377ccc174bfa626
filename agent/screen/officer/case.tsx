/** A case that the machine cannot decide: both faces, what the scores mean, and the officer's word. */
import { useState } from 'preact/hooks';
import type { OfficerAction, OfficerView, Proof } from '../../contract/officer.ts';
import { passkeyProof } from './api.ts';
import { CandidateRecords } from './candidates.tsx';
import { Button, Choice, Complaint, Confirm, Dialog, Field, useWork } from './parts.tsx';
import { Person } from './person.tsx';
import { supportOf } from './support.ts';
import type { VisitProps } from './visit.tsx';
import { sentence, useWords } from './words.ts';

type OpenCase = NonNullable<OfficerView['openCase']>;
type CaseProps = VisitProps & { readonly openCase: OpenCase; readonly visitId: string };

/** Id of the model that compares where the record holds no images of the fingers. */
const BY_MINUTIAE = 'finger-minutiae';

/** Whether an officer has to know that less was searched than could be. */
const isLacking = (search: OpenCase['search']): search is Exclude<typeof search, 'searched' | 'not_due'> =>
  search !== 'searched' && search !== 'not_due';

export function CaseDesk({ openCase, visitId, desk, onAct, complaint }: CaseProps) {
  const words = useWords();
  const { tell, say } = words;
  const [asking, setAsking] = useState<'confirm' | 'refuse' | null>(null);
  const { decision, pad, faces } = openCase;
  const title = decision.outcome === 'no_match' ? 'case.title.no_match' : 'case.title';
  return (
    <section class="case" aria-labelledby="case">
      <h2 id="case">{tell(title)}</h2>
      <p class="reason">{sentence(words, 'case.reason', decision.reason)}</p>
      <div class="faces">
        <Face which="taken" there={faces.taken} visitId={visitId} />
        <Face which="record" there={faces.record} visitId={visitId} />
        <Person view={desk.screen.view} />
      </div>
      {isLacking(openCase.search) && <p class="reason">{tell(`case.${openCase.search}`)}</p>}
      <CandidateRecords candidates={openCase.candidates} visitId={visitId} />
      <ul class="findings">
        <Modality name="face" result={decision.face} />
        <Modality name="finger" result={decision.finger} />
        {decision.fingers.some(({ model }) => model === BY_MINUTIAE) && (
          <li class="note">{tell('case.minutiae_alone')}</li>
        )}
        <Together llr={decision.llr} />
        {decision.fingers.map(
          ({ position, matchesInstead }) =>
            matchesInstead && (
              <li key={position} class="mend">
                {tell('case.swapped', {
                  taken: say(`finger.${position}`),
                  known: say(`finger.${matchesInstead}`),
                })}
              </li>
            ),
        )}
        <Liveness pad={pad} />
      </ul>
      <div class="actions">
        <Button onPress={() => setAsking('confirm')}>{tell('case.confirm')}</Button>
        {desk.allowed.includes('forward') && (
          <Button kind="quiet" onPress={() => onAct({ type: 'forward', visitId })}>
            {tell('case.forward')}
          </Button>
        )}
        <Button kind="danger" onPress={() => setAsking('refuse')}>
          {tell('case.refuse')}
        </Button>
      </div>
      {asking === 'confirm' && (
        <ConfirmDialog
          second={openCase.secondOfficer}
          pins={desk.pins}
          visitId={visitId}
          onAct={onAct}
          complaint={complaint}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === 'refuse' && (
        <Confirm
          title={tell('case.refuse_question')}
          text={tell('case.refuse_text')}
          onYes={() => onAct({ type: 'refuse_identity', visitId })}
          onClose={() => setAsking(null)}
        />
      )}
    </section>
  );
}

function Face({ which, there, visitId }: { which: 'taken' | 'record'; there: boolean; visitId: string }) {
  const { tell } = useWords();
  return (
    <figure>
      {there ? (
        <img src={`/officer/api/face/${which}.jpg?visit=${visitId}`} alt={tell(`case.${which}`)} />
      ) : (
        <p class="no-picture">{tell('case.no_record_picture')}</p>
      )}
      <figcaption>{tell(`case.${which}`)}</figcaption>
    </figure>
  );
}

const KIND = { match: 'good', no_match: 'mend', inconclusive: 'note', not_compared: 'note' } as const;

function Modality({ name, result }: { name: 'face' | 'finger'; result: OpenCase['decision']['face'] }) {
  const { tell } = useWords();
  const { outcome, fmr } = result;
  const values = { people: fmr ? Math.round(1 / fmr) : 0 };
  return (
    <li class={KIND[outcome]}>
      <strong>{tell(`modality.${name}`)}</strong> {tell(`modality.${outcome}`, values)}
    </li>
  );
}

/** In words; nothing where it is unknown. */
function Together({ llr }: { llr: number | null }) {
  const { tell } = useWords();
  const support = supportOf(llr);
  if (!support) return null;
  const { strength, speaks } = support;
  return (
    <li class="note">
      <strong>{tell('modality.together')}</strong>{' '}
      {tell(`modality.${speaks}`, { strength: tell(`support.${strength}`) })}
    </li>
  );
}

function Liveness({ pad }: { pad: OpenCase['pad'] }) {
  const { tell } = useWords();
  const suspect = pad.injection.length > 0;
  const found = suspect ? 'injection' : pad.passed === null ? 'off' : pad.passed ? 'passed' : 'failed';
  const kind = found === 'passed' ? 'good' : found === 'off' ? 'note' : 'mend';
  return (
    <li class={kind}>
      <strong>{tell('liveness.title')}</strong> {tell(`liveness.${found}`)}
    </li>
  );
}

const REASONS = [
  'identity_confirmed_in_person',
  'quality_accepted',
  'face_covered_for_cause',
  'device_defective',
] as const;

type Confirming = Extract<OfficerAction, { type: 'confirm_identity' }>;

function ConfirmDialog(props: {
  second: boolean;
  pins: boolean;
  visitId: string;
  onAct: VisitProps['onAct'];
  complaint: string | null;
  onClose: () => void;
}) {
  const { second, pins, visitId, onAct, onClose } = props;
  const { tell } = useWords();
  const { busy, complaint, work } = useWork();
  const [reason, setReason] = useState<Confirming['reason'] | null>(null);
  const [officer, setOfficer] = useState('');
  const [pin, setPin] = useState('');
  const confirm = (agreed: (() => Promise<Proof> | Proof) | null) =>
    work(async () => {
      if (!reason) return;
      const proof = agreed ? await agreed() : null;
      if (await onAct({ type: 'confirm_identity', visitId, reason, second: proof })) onClose();
    });
  const blocked = reason === null || busy;
  return (
    <Dialog title={tell('case.confirm_question')} onClose={onClose}>
      <p>{tell('case.confirm_text')}</p>
      <Choice
        name={tell('reason.title')}
        options={REASONS.map(word => [word, tell(`reason.${word}`)] as const)}
        chosen={reason}
        onChoose={setReason}
      />
      {second && <p class="policy">{tell('case.second')}</p>}
      <div class="answers">
        <Button kind="quiet" onPress={onClose}>
          {tell('dialog.no')}
        </Button>
        {second ? (
          <Button disabled={blocked} onPress={() => confirm(passkeyProof)}>
            {tell('case.second_passkey')}
          </Button>
        ) : (
          <Button disabled={blocked} onPress={() => confirm(null)}>
            {tell('dialog.yes')}
          </Button>
        )}
      </div>
      {second && pins && (
        <>
          <Field label={tell('sign_in.officer')} value={officer} onInput={setOfficer} />
          <Field label={tell('sign_in.pin')} value={pin} secret onInput={setPin} />
          <Button
            kind="quiet"
            disabled={blocked}
            onPress={() => confirm(() => ({ kind: 'pin', officer, pin }))}
          >
            {tell('case.second_pin')}
          </Button>
        </>
      )}
      <Complaint text={complaint ?? props.complaint} />
    </Dialog>
  );
}
