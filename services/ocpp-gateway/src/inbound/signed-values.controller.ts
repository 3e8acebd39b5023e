import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  Caller,
  type CallerIdentity,
  decodeCursor,
  jsonSchemaOf,
  type Page,
  pageOf,
  pageQuerySchema,
  Problem,
  Roles,
  validated,
} from '@tallywatt/service-kit';
import { z } from 'zod';
import { hasSession } from '../outbound/session-views';
import {
  listSignedValues,
  openedSignedValues,
  recordSignedValueDisclosure,
  type ShownSignedValues,
} from '../outbound/signed-value-views';
import { type ApiParts, apiParts } from './api-parts';
import { signedValuesPageSchema } from './session-view-schema';

const querySchema = pageQuerySchema.extend({
  // Texts with NUL are no reasons, and no database keeps them.
  decryptedFor: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[^\0]*$/)
    .optional(),
});
const idSchema = z.uuid();
const cursorSchema = z
  .string()
  .regex(/^\d{1,18}$/, 'is not a cursor of this list')
  .optional();

@ApiTags('sessions')
@Controller('v1/sessions/:id/signed-values')
export class SignedValuesController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Get()
  @Roles('operator')
  @ApiOperation({
    summary: 'What the meter signed in a session, oldest first',
    description:
      'As stored: encrypted. With `decryptedFor`, a reason, `data` is what the meter signed, byte ' +
      'for byte, and who was shown it for what reason is written down.',
  })
  @ApiQuery({ name: 'decryptedFor', required: false, description: 'why' })
  @ApiPage()
  @ApiResponse({ status: 200, schema: jsonSchemaOf(signedValuesPageSchema) })
  @ApiResponse({ status: 404, description: 'the CPO has no such session' })
  async list(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') id: string,
    @Query(validated(querySchema)) query: z.infer<typeof querySchema>,
  ): Promise<Page<ShownSignedValues>> {
    const { sql, frameKeys } = this.parts;
    const { limit, decryptedFor } = query;
    const [cursor] = decodeCursor(query.cursor, 1) ?? [];
    const after = validated(cursorSchema).transform(cursor, { type: 'query' });
    if (!idSchema.safeParse(id).success || !(await hasSession(sql, cpoId, id))) {
      throw new Problem({ status: 404, type: 'session-unknown', title: 'No such session' });
    }
    let shown = await listSignedValues(sql, cpoId, id, after, limit);
    if (decryptedFor !== undefined) {
      const page = shown.slice(0, limit);
      await recordSignedValueDisclosure(sql, cpoId, id, page, subject, decryptedFor);
      shown = await openedSignedValues(sql, cpoId, frameKeys, shown);
    }
    return pageOf(
      shown,
      limit,
      (one) => one,
      ({ sequence }) => [sequence],
    );
  }
}
