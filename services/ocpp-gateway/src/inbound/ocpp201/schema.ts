import { createRPCError } from 'ocpp-rpc';
import { standardSchemas } from '../standard-schemas';

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

/** ocpp-rpc gives the codes of 1.6, which has other rules for some. */
const explained = (error: Error): Error => {
  const code = codeOf(error);
  return code === undefined ? error : (createRPCError(code, error.message) as Error);
};

export const { checkSchema, validatorWithout } = standardSchemas(
  'ocpp2.0.1',
  'ocpp-rpc/lib/schemas/ocpp2_0_1.json',
  ['Authorize', 'BootNotification', 'MeterValues', 'StatusNotification', 'TransactionEvent'],
  explained,
);
