import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** Names under which a person or a sample could slip into a log line: the second net, after {@link Biometric}. */
const PERSONAL = [
  'surname',
  'givenNames',
  'birthDate',
  'number',
  'mobile',
  'email',
  'person',
  'applicant',
  'documents',
  'template',
  'embedding',
  'embeddings',
  'pixels',
  'jpeg',
  'image',
  'lines',
  'password',
];

/** One JSON line an event; level and time by name, no host, nothing of a person. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"at":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: PERSONAL.flatMap(name => [name, `*.${name}`, `*.*.${name}`]), censor: '[personal]' },
  };
  return destination ? pino(options, destination) : pino(options);
}
