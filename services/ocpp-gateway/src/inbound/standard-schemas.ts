import { readFileSync } from 'node:fs';
import { createRPCError, createValidator } from 'ocpp-rpc';
import { FrameFault } from './frame';
import { isNestedTooDeeply } from './nesting';

type Validator = ReturnType<typeof createValidator>;
type JsonSchema = Readonly<{ $id: string }>;

/** The official schemas of one version of OCPP, as messages are checked against them. */
export type StandardSchemas = Readonly<{
  /** @throws FrameFault when the payload of a CALL breaks the standard's schema. */
  checkSchema: (action: string, params: unknown) => void;
  /**
   * The schemas for all messages but the given ones, whose answers look for themselves. Given to
   * ocpp-rpc, it takes the place of its own.
   */
  validatorWithout: (tolerated: readonly string[]) => Validator;
}>;

/** The same schema, to which a field that it does not name is no fault. */
const opened = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(opened);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => key !== 'additionalProperties' || value !== false,
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, opened(value)]));
};

/**
 * Reads the schemas that ocpp-rpc brings. The standard closes every message to fields it does not name,
 * and chargers add their own: `open` names the messages without which no session can be, whose unknown
 * fields are passed over. `explain` may turn a broken rule into another error.
 */
export const standardSchemas = (
  subprotocol: string,
  file: string,
  open: readonly string[],
  explain: (error: Error) => Error = (error) => error,
): StandardSchemas => {
  const all = JSON.parse(readFileSync(require.resolve(file), 'utf8')) as readonly JsonSchema[];
  const openIds = open.map((action) => `urn:${action}.req`);
  const standard = createValidator(
    subprotocol,
    all.map((schema) => (openIds.includes(schema.$id) ? opened(schema) : schema)),
  );
  const validate = (schemaId: string, payload: unknown): boolean => {
    try {
      return Boolean(standard.validate(schemaId, payload));
    } catch (error) {
      throw explain(error as Error);
    }
  };
  return {
    checkSchema: (action, params) => {
      try {
        validate(`urn:${action}.req`, params);
      } catch (error) {
        throw new FrameFault((error as Error).message);
      }
    },
    validatorWithout: (tolerated) =>
      Object.assign(Object.create(standard) as Validator, {
        validate: (schemaId: string, payload: unknown): boolean => {
          // Not even a stop is confirmed then: nothing could be read of it.
          if (isNestedTooDeeply(payload)) {
            throw createRPCError('FormatViolation', 'nested too deeply') as Error;
          }
          return (
            tolerated.some((action) => schemaId === `urn:${action}.req`) ||
            validate(schemaId, payload)
          );
        },
      }),
  };
};
