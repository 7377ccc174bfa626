import { z } from 'zod';
import { AGENCY_GROUNDS } from './agency-grounds.ts';
import { CalendarDate, OfficerNumber, SCHEMA_VERSION, StateCode } from './common.ts';
import { ContentKey, Origin, SealedBlob } from './packet.ts';

/** Words on paper: letters, digits and marks of any script, no control characters. */
const written = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(/^[^\p{C}]+$/u);

/** What an officer copies from the paper of who asks (procedure, rule 18). */
export const AccountForm = z.strictObject({
  request: z.enum(['lock', 'unlock']),
  ground: z.enum(AGENCY_GROUNDS),
  requester: written(120),
  paperNumber: written(40),
  /** Of the paper; not later than today. */
  paperDate: CalendarDate,
  /** Whose account: by the travel document it was opened with. */
  holder: z.strictObject({ travelDocumentNumber: z.string().regex(/^[A-Z0-9]{1,20}$/), issuer: StateCode }),
});
export type AccountForm = z.infer<typeof AccountForm>;

/** An agency's request to lock or unlock somebody's account, handed in at a kiosk: a sealed message without samples. */
export const AccountRequest = z.strictObject({
  type: z.literal('vantay.account-request'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  ...Origin.shape,
  form: AccountForm,
  /** Who took it in. */
  officer: OfficerNumber,
  /** Latest day of the decision. */
  expected: z.strictObject({ accountDecision: CalendarDate, provisional: z.boolean() }),
  contentKey: ContentKey,
  blobs: z.array(SealedBlob).max(0),
});
export type AccountRequest = z.infer<typeof AccountRequest>;
