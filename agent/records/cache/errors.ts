/** What can be wrong with the records kept on this kiosk, in the order of ERRORS.md. */
const CACHE = {
  RECORDS_KEY: {
    cause: 'The key that the kept records are sealed under cannot be read, or is none.',
    remedy:
      'Check `records.keyFile`: lines of 32 bytes in base64 (`openssl rand -base64 32`), the current one first; a systemd credential serves.',
  },
  RECORDS_KEY_FOREIGN: {
    cause: 'The kept records are sealed under a key that is not in the key file.',
    remedy:
      'Put the former key back as a further line of `records.keyFile`; or `vantay records wipe`, and the registry sends them anew.',
  },
  RECORDS_DAMAGED: {
    cause: 'Kept records were altered, or their file is damaged.',
    remedy:
      'Nothing: they are deleted and fetched anew. If it comes again, check the disk, and who has access to it.',
  },
  RECORDS_SWAPPED: {
    cause: "A kept record stands in another one's place.",
    remedy: 'Find out who had access to the disk. The records are deleted and fetched anew.',
  },
  RECORDS_TAMPERED: {
    cause: 'Among the kept records one is missing, added, or older than it was.',
    remedy: 'Find out who had access to the disk. The records are deleted and fetched anew.',
  },
  RECORDS_ROLLED_BACK: {
    cause: 'The kept records are an older copy of what this kiosk had already.',
    remedy:
      'Find out who put it there, or whether a backup was restored. The records are deleted and fetched anew.',
  },
  RECORDS_SYNC_GAP: {
    cause: 'The registry sent changes that do not follow on what this kiosk has.',
    remedy: 'Nothing: all records are fetched anew. Report it to the registry if it comes again.',
  },
  RECORDS_SYNC_MISMATCH: {
    cause: 'After a synchronisation this kiosk does not have what the registry signed for.',
    remedy: 'Nothing: all records are fetched anew. Report it to the registry if it comes again.',
  },
  RECORDS_WIPED: {
    cause: 'The kept records were wiped on purpose; none are fetched until that is allowed again.',
    remedy:
      'Send the command `sync-records`, or run `vantay records allow`, once the kiosk is in good hands.',
  },
  RECORDS_FOREIGN: {
    cause: 'The file of the kept records is the database of another program.',
    remedy: 'Check `stateDir` in the configuration.',
  },
  RECORDS_NEWER: {
    cause: 'The kept records were written by a newer version of the agent.',
    remedy: 'Install that version again, or `vantay records wipe`.',
  },
  RECORDS_IN_USE: {
    cause: 'Another process holds the kept records.',
    remedy: 'Stop the agent first; send a signed command to a running one.',
  },
  RECORDS_IO: {
    cause: 'The kept records could not be read or written: disk full, read-only, no permission, or failing.',
    remedy: 'Check free space, permissions and the disk of `stateDir`. Lookups go to the registry meanwhile.',
  },
  RECORDS_CLOSED: {
    cause: 'The kept records were used after the agent began to stop.',
    remedy: 'Start the agent again.',
  },
} as const;

export type CacheErrorCode = keyof typeof CACHE;

export const CACHE_ERRORS = Object.entries(CACHE).map(([code, texts]) => ({ code, ...texts }));

/** The kept records cannot do what they were asked. The message never holds anything of a record. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;
  constructor(code: CacheErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Signs that somebody or something altered what was kept: nothing of it is believed any more. */
const BROKEN: readonly string[] = [
  'RECORDS_DAMAGED',
  'RECORDS_SWAPPED',
  'RECORDS_TAMPERED',
  'RECORDS_ROLLED_BACK',
] satisfies CacheErrorCode[];

export const isBroken = (error: unknown): error is CacheError =>
  error instanceof CacheError && BROKEN.includes(error.code);
