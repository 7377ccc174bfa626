export { PeopleError, type PeopleErrorCode } from './errors.ts';
export type { GrayImage, Moisture } from './finger/index.ts';
export { personFromFolder } from './folder.ts';
export {
  type AgeGroup,
  type Identity,
  type IdentityOptions,
  makeIdentity,
  REFERENCE_DATE,
  RESIDENCE_CARD_CODES,
  type ResidenceCardKind,
  type SimulatedDocument,
} from './identity.ts';
export { grayPng } from './image-file.ts';
export { type CheckedField, corruptCheckDigit } from './mrz.ts';
export {
  type FaceReference,
  type LiveOptions,
  type Person,
  SENSOR_FRAME,
  simulatedPerson,
} from './person.ts';
export {
  FINGER_CODES,
  FINGER_POSITIONS,
  type FingerCode,
  type FingerPositionName,
  positionCode,
  positionName,
} from './position.ts';
export { FingerStudio, type StudioOptions } from './studio.ts';
