/** Stable codes of what can go wrong with people; each is in the error catalogue with cause and remedy. */
export type PeopleErrorCode =
  | 'PERSON_FOLDER_MISSING'
  | 'PERSON_FOLDER_EMPTY'
  | 'PERSON_POSITION_UNKNOWN'
  | 'PERSON_POSITION_TWICE'
  | 'PERSON_IMAGE_UNREADABLE'
  | 'PERSON_PPI_INVALID'
  | 'PERSON_FINGER_ABSENT'
  | 'PEOPLE_WORKER_FAILED'
  | 'PEOPLE_TIMEOUT';

/** A person whose images cannot be had. The message names files and codes, never a person. */
export class PeopleError extends Error {
  override readonly name = 'PeopleError';
  readonly code: PeopleErrorCode;
  constructor(code: PeopleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
