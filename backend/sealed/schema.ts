import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** Null when the value is as the schema says, else the place and rule of the first fault, without any value. */
export type SchemaCheck = (value: unknown) => string | null;

/** Compiles a JSON Schema (draft 2020-12) file. @throws when the file is not a schema. */
export const loadSchema = (path: string): SchemaCheck =>
  compileSchema(JSON.parse(readFileSync(path, 'utf8')) as object);

/** Compiles a JSON Schema (draft 2020-12). @throws when it is none. */
export function compileSchema(schema: object): SchemaCheck {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  return value => {
    if (validate(value)) return null;
    const fault = validate.errors?.[0];
    return `${fault?.instancePath ?? ''} ${fault?.keyword ?? 'unknown'}`.trim();
  };
}
