/** Steps after the capture: review, receipt, refusal, farewell. */
import { send } from './api.ts';
import { AdviceLine, Button, Expected, type StepProps } from './parts.tsx';
import { fieldName } from './text.ts';

export function Review({ view, language, say }: StepProps<'review'>) {
  return (
    <main>
      <h1>{say('review.title')}</h1>
      <dl>
        <dt>{say('field.surname')}</dt>
        <dd>{view.person.surname}</dd>
        <dt>{say('field.givenNames')}</dt>
        <dd>{view.person.givenNames}</dd>
        <dt>{say('field.birthDate')}</dt>
        <dd>{view.person.birthDate}</dd>
        {view.documents.map(document => (
          <>
            <dt>{say(`field.${document.kind}`)}</dt>
            <dd>{document.number}</dd>
          </>
        ))}
        <dt>{say('field.mobile')}</dt>
        <dd>{view.contact.mobile}</dd>
        {view.contact.email && (
          <>
            <dt>{say('field.email')}</dt>
            <dd>{view.contact.email}</dd>
          </>
        )}
        <dt>{say('field.fingers')}</dt>
        <dd>
          {say('fingers.done', { count: view.done.length })}
          {view.exceptions.length > 0 && `; ${say('review.exceptions', { count: view.exceptions.length })}`}
        </dd>
      </dl>
      {view.officerNeeded && <AdviceLine>{say('review.officer')}</AdviceLine>}
      <Expected expected={view.expected} language={language} say={say} />
      <div class="choices">
        <Button onTouch={() => send({ type: 'submit' })}>{say('review.submit')}</Button>
        <Button kind="quiet" onTouch={() => send({ type: 'cancel' })}>
          {say('review.withdraw')}
        </Button>
      </div>
    </main>
  );
}

export function Receipt({ view, language, say }: StepProps<'receipt'>) {
  return (
    <main class="centred">
      <h1>{say('receipt.title')}</h1>
      <p role="status">{say(`receipt.${view.delivery}`)}</p>
      {view.officerNeeded && <AdviceLine>{say('receipt.officer')}</AdviceLine>}
      <p>
        {say('receipt.number')}: <code>{view.packetId}</code>
      </p>
      <Expected expected={view.expected} language={language} say={say} />
      <Button onTouch={() => send({ type: 'finish' })}>{say('receipt.finish')}</Button>
    </main>
  );
}

export function Refused({ view, language, say }: StepProps<'refused'>) {
  const fields = view.problem?.fields.map(field => fieldName(say, language, field)).join(', ') ?? '';
  return (
    <main class="centred">
      <h1>{say('refused.title')}</h1>
      <p role="status">{say(`refused.${view.reason}`)}</p>
      {view.problem && <AdviceLine>{say(`document.${view.problem.reason}`, { fields })}</AdviceLine>}
      <Button onTouch={() => send({ type: 'finish' })}>{say('refused.finish')}</Button>
    </main>
  );
}

export function Ended({ view, say }: StepProps<'ended'>) {
  return (
    <main class="centred">
      <h1>{say(`ended.${view.reason}`)}</h1>
      <Button onTouch={() => send({ type: 'start' })}>{say('idle.start')}</Button>
    </main>
  );
}
