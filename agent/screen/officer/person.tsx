/** Who somebody is, as documents or records say. */
import type { ComponentChildren } from 'preact';
import { Fragment } from 'preact';
import type { ScreenView } from '../../contract/screen.ts';
import { dateText } from '../text.ts';
import { useWords } from './words.ts';

interface Named {
  readonly surname: string;
  readonly givenNames: string;
  readonly birthDate: string;
}

/** @param children further lines: terms and what stands for them */
export function PersonSheet({ person, children }: { person: Named; children: ComponentChildren }) {
  const { say, language } = useWords();
  return (
    <dl class="sheet">
      <dt>{say('field.surname')}</dt>
      <dd>{person.surname}</dd>
      <dt>{say('field.givenNames')}</dt>
      <dd>{person.givenNames}</dd>
      <dt>{say('field.birthDate')}</dt>
      <dd>{dateText(language, person.birthDate, 'long')}</dd>
      {children}
    </dl>
  );
}

/** Who stands there. */
export function Person({ view }: { view: ScreenView['view'] }) {
  const { say } = useWords();
  if (view.step !== 'contact' && view.step !== 'review') return null;
  return (
    <PersonSheet person={view.person}>
      {view.documents.map(({ kind, number }) => (
        <Fragment key={kind}>
          <dt>{say(`field.${kind}`)}</dt>
          <dd>{number}</dd>
        </Fragment>
      ))}
    </PersonSheet>
  );
}
