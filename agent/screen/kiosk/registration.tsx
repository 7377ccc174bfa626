/** Steps before the capture: language, purpose, documents, consent, contact. */
import { useState } from 'preact/hooks';
import type { Language } from '../../contract/common.ts';
import { OFFERED_LANGUAGES } from '../messages/index.ts';
import { send } from './api.ts';
import { AdviceLine, Button, type StepProps } from './parts.tsx';
import { fieldName } from './text.ts';

/** Each language in its own name: whoever cannot read the others finds their own. */
const OWN_NAME: Record<Language, string> = {
  vi: 'Tiếng Việt',
  en: 'English',
  zh: '中文',
  ko: '한국어',
  ja: '日本語',
  ru: 'Русский',
};

export function Idle({ say }: StepProps<'idle'>) {
  return (
    <main class="centred">
      <h1>{say('idle.title')}</h1>
      <p>{say('idle.text')}</p>
      <Button onTouch={() => send({ type: 'start' })}>{say('idle.start')}</Button>
    </main>
  );
}

export function LanguageStep({ view, say }: StepProps<'language'>) {
  const languages = OFFERED_LANGUAGES.filter(language => view.languages.includes(language));
  return (
    <main class="centred">
      <h1>{say('language.title')} · Choose your language</h1>
      {languages.map(language => (
        <Button key={language} onTouch={() => send({ type: 'language', language })}>
          <span lang={language}>{OWN_NAME[language]}</span>
        </Button>
      ))}
    </main>
  );
}

export function Purpose({ say }: StepProps<'purpose'>) {
  return (
    <main class="centred">
      <h1>{say('purpose.title')}</h1>
      <Button onTouch={() => send({ type: 'purpose', purpose: 'register_level_2' })}>
        {say('purpose.register_level_2')}
      </Button>
    </main>
  );
}

export function Documents({ view, language, say }: StepProps<'documents'>) {
  const { problem } = view;
  return (
    <main>
      <h1>{say(`documents.title.${view.wanted}`)}</h1>
      <p>{say(`documents.text.${view.wanted}`)}</p>
      <div class={`document ${view.wanted}`} aria-hidden="true">
        <span>{'<'.repeat(view.wanted === 'travel_document' ? 22 : 15)}</span>
      </div>
      {problem && (
        <AdviceLine>
          {say(`document.${problem.reason}`, {
            fields: problem.fields.map(field => fieldName(say, language, field)).join(', '),
          })}
        </AdviceLine>
      )}
      {view.attempt > 1 && <p>{say('documents.attempt', { attempt: view.attempt })}</p>}
    </main>
  );
}

export function Consent({ view, say }: StepProps<'consent'>) {
  const answer = (accepted: boolean) => send({ type: 'consent', accepted, textSha256: view.textSha256 });
  return (
    <main>
      <h1>{say('consent.title')}</h1>
      <p class="legal">{view.text}</p>
      <div class="choices">
        <Button onTouch={() => answer(true)}>{say('consent.accept')}</Button>
        <Button kind="quiet" onTouch={() => answer(false)}>
          {say('consent.decline')}
        </Button>
      </div>
    </main>
  );
}

const MOBILE = /^\+84[35789]\d{8}$/;
const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

export function Contact({ view, say }: StepProps<'contact'>) {
  const [mobile, setMobile] = useState('+84');
  const [email, setEmail] = useState('');
  const [tried, setTried] = useState(false);
  const badMobile = !MOBILE.test(mobile.replaceAll(' ', ''));
  const badEmail = email !== '' && !EMAIL.test(email);
  const submit = () => {
    setTried(true);
    if (!badMobile && !badEmail)
      send({ type: 'contact', mobile: mobile.replaceAll(' ', ''), email: email || null });
  };
  return (
    <main>
      <h1>{say('contact.title')}</h1>
      <p>{say('contact.text')}</p>
      <dl>
        <dt>{say('field.surname')}</dt>
        <dd>{view.person.surname}</dd>
        <dt>{say('field.givenNames')}</dt>
        <dd>{view.person.givenNames}</dd>
        <dt>{say('field.birthDate')}</dt>
        <dd>{view.person.birthDate}</dd>
      </dl>
      <label for="mobile">{say('contact.mobile')}</label>
      <input
        id="mobile"
        type="tel"
        autocomplete="off"
        value={mobile}
        onInput={event => setMobile(event.currentTarget.value)}
        aria-invalid={tried && badMobile}
      />
      {tried && badMobile && <AdviceLine>{say('contact.invalid_mobile')}</AdviceLine>}
      <label for="email">{say('contact.email')}</label>
      <input
        id="email"
        type="email"
        autocomplete="off"
        value={email}
        onInput={event => setEmail(event.currentTarget.value)}
        aria-invalid={tried && badEmail}
      />
      {tried && badEmail && <AdviceLine>{say('contact.invalid_email')}</AdviceLine>}
      <Button onTouch={submit}>{say('contact.next')}</Button>
    </main>
  );
}
