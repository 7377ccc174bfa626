/** Every error of this room with cause and remedy, for the catalogue. */
export const OUTBOX_ERRORS = [
  {
    code: 'OUTBOX_FULL',
    cause: 'Too many packets, too many bytes, or too old a packet wait for delivery.',
    remedy:
      'Restore the connection to the backend; raise the limits under `outbox` only if the disk has room.',
  },
  {
    code: 'OUTBOX_CORRUPT',
    cause: 'The outbox file is damaged.',
    remedy:
      'Stop the agent, copy the file away for recovery, and check the disk. Packets in it were promised to people: never delete it.',
  },
  {
    code: 'OUTBOX_FOREIGN',
    cause: 'The outbox file is the database of another program.',
    remedy: 'Check `stateDir` in the configuration.',
  },
  {
    code: 'OUTBOX_NEWER',
    cause: 'The outbox file was written by a newer version of the agent.',
    remedy: 'Install that version again; an older agent must not touch the file.',
  },
  {
    code: 'OUTBOX_IN_USE',
    cause: 'Another process holds the outbox file.',
    remedy: 'Stop the other agent; only one may run on a kiosk.',
  },
  {
    code: 'OUTBOX_IO',
    cause: 'The outbox could not be read or written: disk full, read-only, no permission, or failing.',
    remedy: 'Check free space, permissions and the disk of `stateDir`.',
  },
  {
    code: 'OUTBOX_CONFLICT',
    cause: 'A packet with the same id or sequence but other content is in the outbox already.',
    remedy: 'This is a fault of the program: report it with the version.',
  },
  {
    code: 'OUTBOX_MEDIUM',
    cause: 'Packets could not be copied to the removable medium: full, read-only, or pulled out.',
    remedy: 'Use another medium or folder and export again; nothing was deleted here.',
  },
  {
    code: 'OUTBOX_CLOSED',
    cause: 'The outbox was used after the agent began to stop.',
    remedy: 'Start the agent again.',
  },
] as const;

export type OutboxErrorCode = (typeof OUTBOX_ERRORS)[number]['code'];

/** The outbox cannot do what it was asked; nothing was promised. */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';
  readonly code: OutboxErrorCode;
  constructor(code: OutboxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
