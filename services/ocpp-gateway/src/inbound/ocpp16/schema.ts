import { readFileSync } from 'node:fs';
import { createValidator } from 'ocpp-rpc';
import { FrameFault } from '../frame';

const standard = createValidator(
  'ocpp1.6',
  JSON.parse(
    readFileSync(require.resolve('ocpp-rpc/lib/schemas/ocpp1_6.json'), 'utf8'),
  ) as object[],
);

/** @throws FrameFault when the payload of a CALL breaks the standard's schema. */
export const checkSchema = (action: string, params: unknown): void => {
  try {
    void standard.validate(`urn:${action}.req`, params);
  } catch (error) {
    throw new FrameFault((error as Error).message);
  }
};

/**
 * The standard's schemas for all messages but the given ones, whose answers look for themselves.
 * Given to ocpp-rpc, it takes the place of its own.
 */
export const validatorWithout = (tolerated: readonly string[]): typeof standard =>
  Object.assign(Object.create(standard) as typeof standard, {
    validate: (schemaId: string, payload: unknown): boolean =>
      tolerated.some((action) => schemaId === `urn:${action}.req`) ||
      Boolean(standard.validate(schemaId, payload)),
  });
