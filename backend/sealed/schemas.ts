import { join } from 'node:path';
import { loadSchema, type SchemaCheck } from './schema.ts';

/** The generated JSON Schemas: the only thing of the agent that the simulation reads. */
export const SCHEMA_FOLDER = join(import.meta.dirname, '../../agent/contract/generated');

export type SchemaName = 'packet' | 'receipt' | 'record-request' | 'record-answer' | 'export';

/** Compiles one of the generated schemas. */
export const contractSchema = (name: SchemaName, folder: string = SCHEMA_FOLDER): SchemaCheck =>
  loadSchema(join(folder, `${name}.schema.json`));
