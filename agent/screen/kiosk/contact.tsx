/** How the applicant can be reached: typed on the screen's own keys. */
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { dateText } from '../text.ts';
import { send } from './api.ts';
import { DigitPad, LetterPad } from './pad.tsx';
import { AdviceLine, Button, StepPage, type StepProps, Told } from './parts.tsx';

/** The nine digits of a Vietnamese mobile number after +84. */
const MOBILE = /^[35789]\d{8}$/;
const MOBILE_DIGITS = 9;
const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/** What people type, as the nine digits: with the country's code or with the leading zero they know it by. */
function mobileDigits(typed: string): string {
  const digits = typed.replaceAll(/\D/g, '');
  const national = digits.length > MOBILE_DIGITS && digits.startsWith('84') ? digits.slice(2) : digits;
  return national.replace(/^0/, '').slice(0, MOBILE_DIGITS);
}

const grouped = (digits: string): string => digits.replaceAll(/(\d{3})(?=\d)/g, '$1 ');

/** `onDone` where the form is opened again to correct it. */
export function Contact({ view, language, say, onDone }: StepProps<'contact'> & { onDone?: () => void }) {
  const [field, setField] = useState<'mobile' | 'email'>('mobile');
  const [digits, setDigits] = useState(view.contact?.mobile.replace('+84', '') ?? '');
  const [email, setEmail] = useState(view.contact?.email ?? '');
  const [tried, setTried] = useState(false);
  const badMobile = !MOBILE.test(digits);
  const badEmail = email !== '' && !EMAIL.test(email);
  const submit = () => {
    setTried(true);
    if (badMobile) setField('mobile');
    else if (badEmail) setField('email');
    else {
      send({ type: 'contact', mobile: `+84${digits}`, email: email || null });
      onDone?.();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') submit();
  };
  return (
    <StepPage
      title={say('contact.title')}
      words={
        <>
          <p>{say('contact.text')}</p>
          <dl>
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
          </dl>
        </>
      }
      picture={
        <div class="form">
          <label for="mobile">
            {say(view.numberOf === 'applicant' ? 'contact.mobile' : 'contact.mobile.represented')}
          </label>
          <div class={`field ${field === 'mobile' ? 'active' : ''}`}>
            <span class="prefix" aria-hidden="true">
              +84
            </span>
            <input
              id="mobile"
              type="tel"
              inputmode="none"
              autocomplete="off"
              value={grouped(digits)}
              onFocus={() => setField('mobile')}
              onKeyDown={onKeyDown}
              onInput={event => setDigits(mobileDigits(event.currentTarget.value))}
              aria-invalid={tried && badMobile}
            />
          </div>
          <Told>
            {tried && badMobile && <AdviceLine sign="warning">{say('contact.invalid_mobile')}</AdviceLine>}
          </Told>
          <label for="email">{say('contact.email')}</label>
          <div class={`field ${field === 'email' ? 'active' : ''}`}>
            <input
              id="email"
              type="text"
              inputmode="none"
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              maxLength={254}
              value={email}
              onFocus={() => setField('email')}
              onKeyDown={onKeyDown}
              onInput={event => setEmail(event.currentTarget.value.trim())}
              aria-invalid={tried && badEmail}
            />
          </div>
          <Told>
            {tried && badEmail && <AdviceLine sign="warning">{say('contact.invalid_email')}</AdviceLine>}
          </Told>
          {field === 'mobile' ? (
            <DigitPad
              say={say}
              onKey={text => setDigits(now => mobileDigits(now + text))}
              onDelete={() => setDigits(now => now.slice(0, -1))}
            />
          ) : (
            <LetterPad
              say={say}
              onKey={text => setEmail(now => now + text)}
              onDelete={() => setEmail(now => now.slice(0, -1))}
            />
          )}
        </div>
      }
      actions={<Button onTouch={submit}>{say('contact.next')}</Button>}
    />
  );
}
