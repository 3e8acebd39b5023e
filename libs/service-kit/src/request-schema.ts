import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { Problem } from './problem';

const jsonPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`),
    '$',
  );

/**
 * Checks what a caller sent against a schema: `@Body(validated(schema)) body: z.infer<...>`.
 * Every fault is listed at once, by JSON path, in a 422 problem document.
 */
export const validated = <Schema extends z.ZodType>(
  schema: Schema,
): PipeTransform<unknown, z.infer<Schema>> => ({
  transform: (value: unknown) => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw new Problem({
      status: 422,
      type: 'request-invalid',
      title: 'The request says something it may not',
      detail: result.error.issues.map((i) => `${jsonPath(i.path)}: ${i.message}`).join('; '),
      faults: result.error.issues.map((i) => ({ path: jsonPath(i.path), message: i.message })),
    });
  },
});

/** The JSON schema of a request body for the OpenAPI document. */
export const jsonSchemaOf = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};
