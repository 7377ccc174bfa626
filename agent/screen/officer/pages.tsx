/** What the kiosk is made of and what it has done: devices, outbox, the day's figures, the audit chain. */
import { useState } from 'preact/hooks';
import type { AuditPage, Figures, OfficerView, OutboxPage } from '../../contract/officer.ts';
import { dateText } from '../text.ts';
import { get, useAnswer } from './api.ts';
import { Button, Confirm, Field } from './parts.tsx';
import type { VisitProps } from './visit.tsx';
import { numberText, sentence, timeText, useWords } from './words.ts';

/** How often a page that is open is asked for anew, in milliseconds. */
const REFRESH_MS = 5_000;

export function Devices({ desk }: { desk: OfficerView }) {
  const words = useWords();
  const { tell } = words;
  return (
    <>
      <h1>{tell('tab.devices')}</h1>
      {desk.devices.length === 0 && <p>{tell('devices.none')}</p>}
      <div class="cards">
        {desk.devices.map(({ role, state, model, serial, error }) => (
          <section key={role} class={`card ${state}`}>
            <h2>{tell(`device.${role}`)}</h2>
            <p class="state">{tell(`device.state.${state}`)}</p>
            {error && (
              <p class="remedy">
                <strong>{tell('remedy.title')}:</strong> {sentence(words, 'remedy', error)}
              </p>
            )}
            <dl>
              <dt>{tell('device.model')}</dt>
              <dd>{model || '–'}</dd>
              <dt>{tell('device.serial')}</dt>
              <dd>{serial || '–'}</dd>
            </dl>
          </section>
        ))}
      </div>
    </>
  );
}

export function Outbox({ supervisor, onAct }: Pick<VisitProps, 'onAct'> & { supervisor: boolean }) {
  const words = useWords();
  const { tell, language } = words;
  const page = useAnswer<OutboxPage>('outbox', REFRESH_MS);
  const [retrying, setRetrying] = useState<string | null>(null);
  if (!page) return <h1>{tell('tab.outbox')}</h1>;
  const mebibytes = numberText(language, page.bytes / 2 ** 20, 1);
  const refused = page.rows.some(({ state }) => state === 'rejected');
  return (
    <>
      <h1>{tell('tab.outbox')}</h1>
      <p>
        {page.rows.length === 0
          ? tell('outbox.empty')
          : tell('outbox.count', { packets: page.packets, mebibytes })}
      </p>
      {refused && !supervisor && <p>{tell('outbox.supervisor')}</p>}
      {page.rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{tell('outbox.packet')}</th>
              <th>{tell('outbox.state')}</th>
              <th>{tell('outbox.since')}</th>
              <th>{tell('outbox.attempts')}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {page.rows.map(({ packetId, state, acceptedAtMs, attempts, code }) => (
              <tr key={packetId} class={state}>
                <td>
                  <code>{packetId}</code>
                </td>
                <td>
                  {sentence(words, 'packet', state)} {code && <code>{code}</code>}
                </td>
                <td>{timeText(language, acceptedAtMs)}</td>
                <td>{attempts}</td>
                <td>
                  {state === 'rejected' && supervisor && (
                    <Button kind="quiet" onPress={() => setRetrying(packetId)}>
                      {tell('outbox.retry')}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {retrying && (
        <Confirm
          title={tell('outbox.retry_question')}
          text={tell('outbox.retry_text')}
          onYes={() => onAct({ type: 'retry_packet', packetId: retrying })}
          onClose={() => setRetrying(null)}
        />
      )}
    </>
  );
}

export function Today() {
  const { tell, language } = useWords();
  const figures = useAnswer<Figures>('figures', REFRESH_MS);
  if (!figures) return <h1>{tell('tab.figures')}</h1>;
  const { visits, compared, medianSeconds, retries, officers } = figures;
  const each = compared === 0 ? '–' : numberText(language, retries / compared, 1);
  return (
    <>
      <h1>
        {tell('tab.figures')}, {dateText(language, figures.date)}
      </h1>
      <dl class="tiles">
        <Tile name={tell('figures.visits')} value={String(visits)} />
        <Tile name={tell('figures.compared')} value={String(compared)} />
        <Tile
          name={tell('figures.median')}
          value={medianSeconds === null ? '–' : tell('seconds', { seconds: Math.round(medianSeconds) })}
        />
        <Tile name={tell('figures.retries')} value={each} />
      </dl>
      <div class="cards">
        <Counts title={tell('figures.outcomes')} group="outcome" counts={figures.outcomes} />
        <Counts title={tell('figures.endings')} group="step" counts={figures.endings} />
        <section class="card">
          <h2>{tell('figures.officers')}</h2>
          {officers.length === 0 ? (
            <p>{tell('figures.none')}</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th>{tell('figures.officer')}</th>
                  <th>{tell('figures.cases')}</th>
                  <th>{tell('figures.overrides')}</th>
                </tr>
              </thead>
              <tbody>
                {officers.map(({ officer, cases, overrides }) => (
                  <tr key={officer}>
                    <td>{officer}</td>
                    <td>{cases}</td>
                    <td>
                      {overrides} ({Math.round((100 * overrides) / cases)} %)
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
      </div>
    </>
  );
}

const Tile = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function Counts(props: { title: string; group: string; counts: Figures['outcomes'] }) {
  const words = useWords();
  const { say } = words;
  const rows = Object.entries(props.counts).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  /** A visit ends in a step, or was refused for a reason that the applicant's page has words for. */
  const named = (word: string) => {
    const own = sentence(words, props.group, word);
    return own === word && props.group === 'step' ? refusedWords(say, word) : own;
  };
  return (
    <section class="card">
      <h2>{props.title}</h2>
      {rows.length === 0 && <p>{words.tell('figures.none')}</p>}
      <ul class="counts">
        {rows.map(([word, count]) => (
          <li key={word}>
            <span>{named(word)}</span>
            <meter aria-hidden="true" min={0} max={most} value={count} />
            <strong>{count}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

function refusedWords(say: ReturnType<typeof useWords>['say'], word: string): string {
  try {
    return say(`refused.${word}` as Parameters<typeof say>[0]);
  } catch {
    return word;
  }
}

export function Audit() {
  const { tell } = useWords();
  const [text, setText] = useState('');
  const page = useAnswer<AuditPage>(`audit?text=${encodeURIComponent(text.trim())}`, REFRESH_MS);
  const [older, setOlder] = useState<AuditPage | null>(null);
  const last = older ?? page;
  const entries = [...(page?.entries ?? []), ...(older?.entries ?? [])];
  const search = (wanted: string) => {
    setOlder(null);
    setText(wanted);
  };
  const more = async (before: number) => {
    const next = await get<AuditPage>(`audit?text=${encodeURIComponent(text.trim())}&before=${before}`);
    setOlder({ ...next, entries: [...(older?.entries ?? []), ...next.entries] });
  };
  return (
    <>
      <h1>{tell('tab.audit')}</h1>
      <Field label={tell('audit.search')} value={text} onInput={search} />
      {page && entries.length === 0 && <p>{tell('audit.none')}</p>}
      {entries.length > 0 && <Entries entries={entries} />}
      {last?.before && (
        <Button kind="quiet" onPress={() => void more(last.before ?? 1)}>
          {tell('audit.more')}
        </Button>
      )}
    </>
  );
}

function Entries({ entries }: Pick<AuditPage, 'entries'>) {
  const { tell, language } = useWords();
  return (
    <table class="audit">
      <thead>
        <tr>
          <th>{tell('audit.entry')}</th>
          <th>{tell('audit.time')}</th>
          <th>{tell('audit.event')}</th>
          <th>{tell('audit.details')}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ index, at, event: { event, ...details } }) => (
          <tr key={index}>
            <td>{index}</td>
            <td>{timeText(language, at)}</td>
            <td>
              <code>{event}</code>
            </td>
            <td>
              {Object.entries(details).map(
                ([name, value]) =>
                  value !== null && (
                    <span key={name} class="detail">
                      {name} <code>{value}</code>
                    </span>
                  ),
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
