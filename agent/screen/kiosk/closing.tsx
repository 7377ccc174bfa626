/** Steps after the capture: review, receipt, refusal, farewell. */
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { activationText, receiptCode, receiptTitle } from '../receipt.ts';
import { dateText, fieldName } from '../text.ts';
import { send } from './api.ts';
import { Contact } from './contact.tsx';
import { Icon } from './icons.tsx';
import { Advice, AdviceLine, Button, Expected, StepPage, type StepProps, Told } from './parts.tsx';
import { Qr } from './qr.tsx';

export function Review(props: StepProps<'review'>) {
  const { view, language, say } = props;
  const [correcting, setCorrecting] = useState(false);
  if (correcting) {
    const numberOf = view.representative ? 'representative' : 'applicant';
    const form = { ...view, step: 'contact', numberOf } as const;
    return <Contact {...props} view={form} onDone={() => setCorrecting(false)} />;
  }
  return (
    <StepPage
      title={say('review.title')}
      words={
        <>
          <Told>
            {view.officerNeeded && (
              <AdviceLine sign="officer">
                {say(view.awaitsOfficer ? 'review.awaits_officer' : 'review.officer')}
              </AdviceLine>
            )}
          </Told>
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
          {view.representative && (
            <>
              <dt>{say('field.representative')}</dt>
              <dd>
                {view.representative.surname} {view.representative.givenNames}
              </dd>
            </>
          )}
          {view.ground && (
            <>
              <dt>{say('field.ground')}</dt>
              <dd>{say(`ground.${view.ground}`)}</dd>
            </>
          )}
          {view.contact && (
            <>
              <dt>{say('field.mobile')}</dt>
              <dd>{view.contact.mobile}</dd>
            </>
          )}
          {view.contact?.email && (
            <>
              <dt>{say('field.email')}</dt>
              <dd>{view.contact.email}</dd>
            </>
          )}
          {view.integrate.length > 0 && (
            <>
              <dt>{say('field.integrate')}</dt>
              <dd>{view.integrate.map(item => say(`integrate.${item}`)).join(', ')}</dd>
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
          {!view.awaitsOfficer && (
            <Button onTouch={() => send({ type: 'submit' })}>
              <Icon sign="check" />
              {say('review.submit')}
            </Button>
          )}
          {view.contact && (
            <Button kind="quiet" onTouch={() => setCorrecting(true)}>
              {say('review.correct')}
            </Button>
          )}
          <Button kind="quiet" onTouch={() => send({ type: 'cancel' })}>
            {say('review.withdraw')}
          </Button>
        </>
      }
    />
  );
}

export function Receipt({ view, language, purpose, say }: StepProps<'receipt'>) {
  const rejected = view.delivery === 'rejected';
  return (
    <StepPage
      title={receiptTitle(purpose, say)}
      words={
        <>
          <Advice sign={rejected ? 'warning' : 'check'} kind={rejected ? 'mend' : 'good'}>
            {say(`receipt.${view.delivery}`)}
          </Advice>
          {view.officerNeeded && <Advice sign="officer">{say('receipt.officer')}</Advice>}
          <Expected expected={view.expected} language={language} say={say} />
          {purpose === 'register_level_2' && <p>{activationText(purpose, say)}</p>}
        </>
      }
      picture={
        <figure class="reference">
          <Qr text={receiptCode(view, language, say)} label={say('receipt.number')} />
          <figcaption>
            {say('receipt.number')}
            <code>{view.packetId}</code>
          </figcaption>
        </figure>
      }
      actions={
        <>
          <Told>
            <SlipNews slip={view.slip} say={say} />
          </Told>
          {(view.slip === 'offered' || view.slip === 'failed') && (
            <Button kind="quiet" onTouch={() => send({ type: 'print' })}>
              <Icon sign="printer" />
              {say('receipt.print')}
            </Button>
          )}
          <Button onTouch={() => send({ type: 'finish' })}>{say('receipt.finish')}</Button>
        </>
      }
    />
  );
}

function SlipNews({
  slip,
  say,
}: Pick<StepProps<'receipt'>['view'], 'slip'> & Pick<StepProps<'receipt'>, 'say'>) {
  switch (slip) {
    case 'printing':
      return (
        <AdviceLine sign="printer" kind="note">
          {say('receipt.printing')}
        </AdviceLine>
      );
    case 'printed':
      return (
        <AdviceLine sign="printer" kind="good">
          {say('receipt.printed')}
        </AdviceLine>
      );
    case 'failed':
      return <AdviceLine sign="warning">{say('receipt.print_failed')}</AdviceLine>;
    default:
      return null;
  }
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
