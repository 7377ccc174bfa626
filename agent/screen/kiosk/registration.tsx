/** Steps before the capture: welcome, language, documents, consent. */
import type { Language } from '../../contract/common.ts';
import { OFFERED_LANGUAGES } from '../messages/index.ts';
import { fieldName, speaker } from '../text.ts';
import { send } from './api.ts';
import { Icon } from './icons.tsx';
import { OnReader, WhatToBring } from './papers.tsx';
import { AdviceLine, Button, StepPage, type StepProps, Told } from './parts.tsx';

/** Each language in its own name: whoever cannot read the others finds their own. */
const OWN_NAME: Record<Language, string> = {
  vi: 'Tiếng Việt',
  en: 'English',
  zh: '中文',
  ko: '한국어',
  ja: '日本語',
  ru: 'Русский',
};

/** Until a language is chosen, everything is said in each. */
const OFFERED = OFFERED_LANGUAGES.map(language => ({ language, say: speaker(language) }));

/** On the first page six paragraphs would be read by nobody. */
const IN_FULL: readonly Language[] = ['vi', 'en'];

export function Idle() {
  return (
    <StepPage
      title={OFFERED.map(({ language, say }) => (
        <span key={language} lang={language}>
          {say('idle.title')}
        </span>
      ))}
      words={OFFERED.filter(({ language }) => IN_FULL.includes(language)).map(({ language, say }) => (
        <p key={language} lang={language}>
          {say('idle.text')}
        </p>
      ))}
      picture={<WhatToBring />}
      actions={
        <Button onTouch={() => send({ type: 'start' })}>
          {OFFERED.map(({ language, say }) => (
            <span key={language} lang={language}>
              {say('idle.start')}
            </span>
          ))}
        </Button>
      }
    />
  );
}

export function LanguageStep({ view }: StepProps<'language'>) {
  const offered = OFFERED.filter(({ language }) => view.languages.includes(language));
  return (
    <StepPage
      title={offered.map(({ language, say }) => (
        <span key={language} lang={language} class="line">
          {say('language.title')}
        </span>
      ))}
      actions={offered.map(({ language, say }) => (
        <Button key={language} onTouch={() => send({ type: 'language', language })}>
          <span lang={language} class="tongue">
            {OWN_NAME[language]}
            <small>{say('idle.title')}</small>
          </span>
        </Button>
      ))}
    />
  );
}

export function Documents({ view, language, say }: StepProps<'documents'>) {
  const { problem } = view;
  return (
    <StepPage
      title={say(`documents.title.${view.wanted}`)}
      words={
        <>
          <p>{say(`documents.text.${view.wanted}`)}</p>
          <Told>
            {problem && (
              <AdviceLine sign="warning">
                {say(`document.${problem.reason}`, {
                  fields: problem.fields.map(field => fieldName(say, language, field)).join(', '),
                })}
              </AdviceLine>
            )}
            {view.appointmentRead && (
              <AdviceLine sign="check" kind="good">
                {say('documents.appointment')}
              </AdviceLine>
            )}
          </Told>
          {view.attempt > 1 && <p>{say('documents.attempt', { attempt: view.attempt })}</p>}
        </>
      }
      picture={<OnReader wanted={view.wanted} />}
    />
  );
}

export function Consent({ view, say }: StepProps<'consent'>) {
  const answer = (accepted: boolean) => send({ type: 'consent', accepted, textSha256: view.textSha256 });
  return (
    <StepPage
      title={say('consent.title')}
      picture={<p class="legal">{view.text}</p>}
      actions={
        <>
          <Button onTouch={() => answer(true)}>
            <Icon sign="check" />
            {say('consent.accept')}
          </Button>
          <Button kind="quiet" onTouch={() => answer(false)}>
            <Icon sign="cross" />
            {say('consent.decline')}
          </Button>
        </>
      }
    />
  );
}
