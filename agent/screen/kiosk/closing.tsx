/** Steps after the capture: review, receipt, refusal, farewell. */
import { Fragment } from 'preact';
import { send } from './api.ts';
import { Icon } from './icons.tsx';
import { Advice, Button, Expected, StepPage, type StepProps } from './parts.tsx';
import { Qr } from './qr.tsx';
import { dateText, fieldName } from './text.ts';

export function Review({ view, language, say }: StepProps<'review'>) {
  return (
    <StepPage
      title={say('review.title')}
      words={
        <>
          {view.officerNeeded && <Advice sign="officer">{say('review.officer')}</Advice>}
          <Expected expected={view.expected} language={language} say={say} />
        </>
      }
      picture={
        <dl class="sheet">
          <dt>{say('field.surname')}</dt>
          <dd>{view.person.surname}</dd>
          <dt>{say('field.givenNames')}</dt>
          <dd>{view.person.givenNames}</dd>
          <dt>{say('field.birthDate')}</dt>
          <dd>{dateText(language, view.person.birthDate, 'long')}</dd>
          {view.documents.map(document => (
            <Fragment key={document.kind}>
              <dt>{say(`field.${document.kind}`)}</dt>
              <dd>{document.number}</dd>
            </Fragment>
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
      }
      actions={
        <>
          <Button onTouch={() => send({ type: 'submit' })}>
            <Icon sign="check" />
            {say('review.submit')}
          </Button>
          <Button kind="quiet" onTouch={() => send({ type: 'cancel' })}>
            {say('review.withdraw')}
          </Button>
        </>
      }
    />
  );
}

export function Receipt({ view, language, say }: StepProps<'receipt'>) {
  const rejected = view.delivery === 'rejected';
  return (
    <StepPage
      title={say('receipt.title')}
      words={
        <>
          <Advice sign={rejected ? 'warning' : 'check'} kind={rejected ? 'mend' : 'good'}>
            {say(`receipt.${view.delivery}`)}
          </Advice>
          {view.officerNeeded && <Advice sign="officer">{say('receipt.officer')}</Advice>}
          <Expected expected={view.expected} language={language} say={say} />
        </>
      }
      picture={
        <figure class="reference">
          <Qr text={view.packetId} label={say('receipt.number')} />
          <figcaption>
            {say('receipt.number')}
            <code>{view.packetId}</code>
          </figcaption>
        </figure>
      }
      actions={<Button onTouch={() => send({ type: 'finish' })}>{say('receipt.finish')}</Button>}
    />
  );
}

export function Refused({ view, language, say }: StepProps<'refused'>) {
  const fields = view.problem?.fields.map(field => fieldName(say, language, field)).join(', ') ?? '';
  return (
    <StepPage
      title={say('refused.title')}
      words={
        <>
          <p role="status">{say(`refused.${view.reason}`)}</p>
          {view.problem && (
            <Advice sign="warning">{say(`document.${view.problem.reason}`, { fields })}</Advice>
          )}
        </>
      }
      picture={
        <span class="badge warn">
          <Icon sign="warning" />
        </span>
      }
      actions={<Button onTouch={() => send({ type: 'finish' })}>{say('refused.finish')}</Button>}
    />
  );
}

export function Ended({ view, say }: StepProps<'ended'>) {
  const well = view.reason === 'finished';
  return (
    <StepPage
      title={say(`ended.${view.reason}`)}
      picture={
        <span class={`badge ${well ? 'good' : 'note'}`}>
          <Icon sign={well ? 'check' : view.reason === 'failed' ? 'warning' : 'cross'} />
        </span>
      }
      actions={<Button onTouch={() => send({ type: 'start' })}>{say('idle.start')}</Button>}
    />
  );
}
