import { readFileSync } from 'node:fs';
import { createRPCError, createValidator } from 'ocpp-rpc';
import { FrameFault } from '../frame';

const standard = createValidator(
  'ocpp2.0.1',
  JSON.parse(
    readFileSync(require.resolve('ocpp-rpc/lib/schemas/ocpp2_0_1.json'), 'utf8'),
  ) as object[],
);

/** OCPP-J 2.0.1, section 4.3: which error code a broken rule of a schema is. */
const codes: Readonly<Record<string, string>> = {
  additionalProperties: 'FormatViolation',
  required: 'OccurrenceConstraintViolation',
  minItems: 'OccurrenceConstraintViolation',
  maxItems: 'OccurrenceConstraintViolation',
  additionalItems: 'OccurrenceConstraintViolation',
  type: 'TypeConstraintViolation',
};

type SchemaFault = Error &
  Readonly<{ details?: Readonly<{ errors?: readonly { keyword: string }[] }> }>;

const codeOf = (error: SchemaFault): string | undefined => {
  const keyword = error.details?.errors?.[0]?.keyword;
  // Whatever else there is to break is a value that the field may not have.
  return keyword === undefined ? undefined : (codes[keyword] ?? 'PropertyConstraintViolation');
};

const validate = (schemaId: string, payload: unknown): boolean => {
  try {
    return Boolean(standard.validate(schemaId, payload));
  } catch (error) {
    // ocpp-rpc gives the codes of 1.6, which has another spelling of one and other rules for some.
    const code = codeOf(error as SchemaFault);
    if (code === undefined) throw error;
    throw createRPCError(code, (error as Error).message) as Error;
  }
};

/** @throws FrameFault when the payload of a CALL breaks the standard's schema. */
export const checkSchema = (action: string, params: unknown): void => {
  try {
    validate(`urn:${action}.req`, params);
  } catch (error) {
    throw new FrameFault((error as Error).message);
  }
};

/** The standard's schemas for all messages but the given ones, whose answers look for themselves. */
export const validatorWithout = (tolerated: readonly string[]): typeof standard =>
  Object.assign(Object.create(standard) as typeof standard, {
    validate: (schemaId: string, payload: unknown): boolean =>
      tolerated.some((action) => schemaId === `urn:${action}.req`) || validate(schemaId, payload),
  });
