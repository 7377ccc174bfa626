/** The form for what an agency asks on paper: to lock or unlock somebody's account. */
import { useState } from 'preact/hooks';
import { AGENCY_GROUNDS } from '../../contract/agency-grounds.ts';
import type { OfficerAction, OfficerView } from '../../contract/officer.ts';
import { dateText } from '../text.ts';
import { Button, Choice, Confirm, Field } from './parts.tsx';
import type { VisitProps } from './visit.tsx';
import { useWords } from './words.ts';

type Form = Extract<OfficerAction, { type: 'request_account' }>['form'];

const REQUESTS = ['lock', 'unlock'] as const;
const EMPTY = { requester: '', paperNumber: '', paperDate: '', number: '', issuer: '' };

export function AccountDesk(props: {
  supervisor: boolean;
  expected: OfficerView['accountDecision'];
  onAct: VisitProps['onAct'];
}) {
  const { supervisor, expected, onAct } = props;
  const { tell, say, language } = useWords();
  const [request, setRequest] = useState<Form['request'] | null>(null);
  const [ground, setGround] = useState<Form['ground'] | null>(null);
  const [written, setWritten] = useState(EMPTY);
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState(false);
  const write = (change: Partial<typeof EMPTY>) => {
    setDone(false);
    setWritten(now => ({ ...now, ...change }));
  };
  const field = (name: keyof typeof EMPTY) => (
    <Field
      label={tell(`account.${name}`)}
      value={written[name]}
      onInput={value => write({ [name]: value })}
    />
  );
  const complete = request && ground && Object.values(written).every(text => text.trim() !== '');
  const until = dateText(language, expected.accountDecision, 'long');
  const handIn = async () => {
    if (!request || !ground) return;
    const { requester, paperNumber, paperDate, number, issuer } = written;
    const holder = { travelDocumentNumber: number.trim().toUpperCase(), issuer: issuer.trim().toUpperCase() };
    const form = { request, ground, requester, paperNumber, paperDate: paperDate.trim(), holder };
    if (!(await onAct({ type: 'request_account', form }))) return;
    setDone(true);
    setRequest(null);
    setGround(null);
    setWritten(EMPTY);
  };
  return (
    <>
      <h1>{tell('tab.account')}</h1>
      <p>{tell('account.text')}</p>
      {!supervisor && <p class="told">{tell('error.ROLE_TOO_LOW')}</p>}
      <div role="status">{done && <p class="told">{tell('account.done', { until })}</p>}</div>
      {supervisor && (
        <>
          <Choice
            name={tell('account.request')}
            options={REQUESTS.map(word => [word, tell(`account.request.${word}`)] as const)}
            chosen={request}
            onChoose={setRequest}
          />
          <Choice
            name={tell('account.ground')}
            options={AGENCY_GROUNDS.map(word => [word, tell(`account.ground.${word}`)] as const)}
            chosen={ground}
            onChoose={setGround}
          />
          {field('requester')}
          {field('paperNumber')}
          {field('paperDate')}
          {field('number')}
          {field('issuer')}
          <p>
            {tell('account.until', { until })}{' '}
            {expected.provisional && <small>{say('expected.provisional')}</small>}
          </p>
          <Button disabled={!complete} onPress={() => setAsking(true)}>
            {tell('account.hand_in')}
          </Button>
        </>
      )}
      {asking && request && (
        <Confirm
          title={tell(`account.question.${request}`)}
          text={tell('account.question_text', {
            requester: written.requester,
            paper: written.paperNumber,
            number: written.number,
          })}
          onYes={() => void handIn()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
