import { type Issued, issue, type Role } from './certificate.ts';
import { ensureEncryptionKey, readIssued, writeIssued } from './files.ts';
import { type KeyPairPaths, type PkiPaths, pkiPaths } from './paths.ts';

/** Ways in which the kiosk's signing certificate can be wrong, for tests of whoever has to refuse it. */
export type PkiFault =
  /** Its validity ended an hour ago. */
  | 'expired'
  /** It and its office are signed by a root of the same name that nobody trusts. */
  | 'foreign-root'
  /** It names another kiosk of the same office. */
  | 'wrong-subject'
  /** Its office's authority belongs to another office. */
  | 'foreign-office';

export interface PkiOptions {
  /** Name of the office as in topics. */
  readonly office: string;
  /** Name of the kiosk as in topics. */
  readonly kiosk: string;
  readonly now?: Date;
  /** Validity of the leaves, days; authorities live ten times as long. */
  readonly days?: number;
  readonly fault?: PkiFault;
}

const ORGANIZATION = 'O=Vantay simulation';
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** A year of 365 days: simulated sets are cheap to renew. */
const DEFAULT_DAYS = 365;
/** A set that ends within a day is renewed rather than reused: a run must not outlive it. */
const MARGIN_MS = DAY_MS;

/**
 * Makes a complete trust set in a folder, or fills up and renews the one that is there. Several kiosks and offices can
 * share a folder: they then share root, backend, registry and broker.
 * @returns where everything stands
 */
export async function makePki(folder: string, options: PkiOptions): Promise<PkiPaths> {
  const paths = pkiPaths(folder, options.office, options.kiosk);
  const term = termOf(options);
  const root = await ensure(paths.root, `CN=Vantay simulated root, ${ORGANIZATION}`, 'authority', null, term);
  const office = await ensure(paths.office, officeSubject(options.office), 'authority', root, term);
  await ensureKiosk(paths, options, office, term);
  const mqttCa = await ensure(
    paths.mqttAuthority,
    `CN=Vantay simulated MQTT, ${ORGANIZATION}`,
    'authority',
    null,
    term,
  );
  await ensure(paths.mqttServer, `CN=localhost, ${ORGANIZATION}`, 'tls-server', mqttCa, term);
  const kioskSubject = `CN=${options.kiosk}, OU=${options.office}, ${ORGANIZATION}`;
  await ensure(paths.kiosk.mqtt, kioskSubject, 'tls-client', mqttCa, term);
  for (const name of ['backend', 'registry'] as const) {
    await ensure(paths[name].signing, `CN=${name}, ${ORGANIZATION}`, 'signer', root, term);
    await ensureEncryptionKey(paths[name]);
    await ensure(paths[name].mqtt, `CN=${name}, ${ORGANIZATION}`, 'tls-client', mqttCa, term);
  }
  const { signing, mqtt } = paths.recordServer;
  const serverSubject = `CN=record server, OU=${options.office}, ${ORGANIZATION}`;
  await ensure(signing, serverSubject, 'signer', office, term, [office]);
  await ensureEncryptionKey(paths.recordServer);
  await ensure(mqtt, serverSubject, 'tls-client', mqttCa, term);
  return paths;
}

interface Term {
  readonly now: Date;
  readonly days: number;
}

const termOf = (options: PkiOptions): Term => ({
  now: options.now ?? new Date(),
  days: options.days ?? DEFAULT_DAYS,
});

const officeSubject = (office: string): string => `CN=Office ${office}, OU=${office}, ${ORGANIZATION}`;

/** The kiosk's signing certificate, with its fault if one is wished for. A faulty one is always made anew. */
async function ensureKiosk(paths: PkiPaths, options: PkiOptions, office: Issued, term: Term): Promise<void> {
  const { kiosk, fault } = options;
  const subject = `CN=${fault === 'wrong-subject' ? `${kiosk}-other` : kiosk}, OU=${options.office}, ${ORGANIZATION}`;
  if (fault === undefined) {
    await ensure(paths.kiosk.signing, subject, 'signer', office, term, [office]);
    return;
  }
  const authority = await faultyAuthority(fault, office, options, term, paths);
  const leaf = await issue({ subject, role: 'signer', ...validity('signer', term, fault) }, authority);
  await writeIssued(paths.kiosk.signing, leaf, [authority]);
}

async function faultyAuthority(
  fault: PkiFault,
  office: Issued,
  options: PkiOptions,
  term: Term,
  paths: PkiPaths,
): Promise<Issued> {
  const dates = validity('authority', term);
  if (fault === 'foreign-office') {
    const subject = officeSubject(`${options.office}-other`);
    const root = await ensure(
      paths.root,
      `CN=Vantay simulated root, ${ORGANIZATION}`,
      'authority',
      null,
      term,
    );
    return issue({ subject, role: 'authority', ...dates }, root);
  }
  if (fault !== 'foreign-root') return office;
  const root = { subject: `CN=Vantay simulated root, ${ORGANIZATION}`, role: 'authority', ...dates } as const;
  return issue(
    { subject: officeSubject(options.office), role: 'authority', ...dates },
    await issue(root, null),
  );
}

/** Reads a certificate that can still serve, or makes it. */
async function ensure(
  paths: KeyPairPaths,
  subject: string,
  role: Role,
  issuer: Issued | null,
  term: Term,
  above: readonly Issued[] = [],
): Promise<Issued> {
  const validUntil = new Date(term.now.getTime() + Math.min(MARGIN_MS, (term.days * DAY_MS) / 2));
  const known = await readIssued(paths, subject, issuer, validUntil);
  if (known !== null) return known;
  const made = await issue({ subject, role, ...validity(role, term) }, issuer);
  await writeIssued(paths, made, above);
  return made;
}

/** Valid from an hour ago (clocks of test machines differ) for the term. */
function validity(role: Role, term: Term, fault?: PkiFault): { notBefore: Date; notAfter: Date } {
  const nowMs = term.now.getTime();
  if (fault === 'expired')
    return { notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs - HOUR_MS) };
  const days = role === 'authority' ? term.days * 10 : term.days;
  return { notBefore: new Date(nowMs - HOUR_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}
