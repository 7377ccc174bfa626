export { type Citizen, makeCitizen } from './citizen.ts';
export { PeopleError, type PeopleErrorCode } from './errors.ts';
export type { GrayImage, Moisture } from './finger/index.ts';
export { personFromFolder } from './folder.ts';
export type { Identity, IdentityOptions } from './identity.ts';
export { grayPng } from './image-file.ts';
export { corruptCheckDigit } from './mrz.ts';
export {
  type FaceReference,
  type LiveOptions,
  type Person,
  type PersonOptions,
  SENSOR_FRAME,
  simulatedPerson,
} from './person.ts';
export {
  FINGER_CODES,
  type FingerCode,
  type FingerPositionName,
  positionCode,
  positionName,
} from './position.ts';
export { FingerStudio } from './studio.ts';
