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

/**
 * An error as it may stand in a log. A message is kept only of errors that carry a code, ours and the system's: they
 * speak of files, devices and codes. Any other may quote its input (JSON.parse does), so of it only name and places stay.
 */
function tellable(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const coded = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number');
  return {
    type: error.name,
    ...(coded && { code: error.code, message: error.message }),
    stack: error.stack?.match(/^ {4}at .*$/gm)?.join('\n') ?? '',
    ...(error.cause !== undefined && { cause: tellable(error.cause) }),
  };
}

/** One JSON line an event; level and time by name, no host, nothing of a person. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"at":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: tellable },
    redact: { paths: PERSONAL.flatMap(name => [name, `*.${name}`, `*.*.${name}`]), censor: '[personal]' },
  };
  return destination ? pino(options, destination) : pino(options);
}
