import accountRequest from '../../agent/contract/generated/account-request.schema.json' with { type: 'json' };
import exportList from '../../agent/contract/generated/export.schema.json' with { type: 'json' };
import identifyAnswer from '../../agent/contract/generated/identify-answer.schema.json' with { type: 'json' };
import identifyRequest from '../../agent/contract/generated/identify-request.schema.json' with {
  type: 'json',
};
import packet from '../../agent/contract/generated/packet.schema.json' with { type: 'json' };
import receipt from '../../agent/contract/generated/receipt.schema.json' with { type: 'json' };
import recordAnswer from '../../agent/contract/generated/record-answer.schema.json' with { type: 'json' };
import recordRequest from '../../agent/contract/generated/record-request.schema.json' with { type: 'json' };
import syncAnswer from '../../agent/contract/generated/sync-answer.schema.json' with { type: 'json' };
import syncRequest from '../../agent/contract/generated/sync-request.schema.json' with { type: 'json' };
import { compileSchema, type SchemaCheck } from './schema.ts';

/** The generated JSON Schemas: the only thing of the agent that this side reads. */
const SCHEMAS = {
  packet,
  'account-request': accountRequest,
  receipt,
  'record-request': recordRequest,
  'record-answer': recordAnswer,
  'sync-request': syncRequest,
  'sync-answer': syncAnswer,
  'identify-request': identifyRequest,
  'identify-answer': identifyAnswer,
  export: exportList,
} as const;

/** Compiles one of the generated schemas. */
export const contractSchema = (name: keyof typeof SCHEMAS): SchemaCheck => compileSchema(SCHEMAS[name]);

/** The schema of whatever a kiosk hands in for issuance, by its type: visits, and what agencies ask on paper. */
export function submissionSchema(): SchemaCheck {
  const [visit, request] = [contractSchema('packet'), contractSchema('account-request')];
  return message => (isAccountRequest(message) ? request : visit)(message);
}

const isAccountRequest = (message: unknown): boolean =>
  typeof message === 'object' &&
  message !== null &&
  Reflect.get(message, 'type') === 'vantay.account-request';
