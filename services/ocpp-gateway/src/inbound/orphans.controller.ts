import { Controller, Get, Inject, Query } from '@nestjs/common';
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
  Roles,
  validated,
} from '@tallywatt/service-kit';
import { z } from 'zod';
import { listOrphans, type ShownOrphan } from '../outbound/orphan-views';
import { type ApiParts, apiParts } from './api-parts';
import { instantSchema } from './session-review-schema';

const querySchema = pageQuerySchema.extend({
  chargePointId: z
    .string()
    .max(48)
    .regex(/^[^\0]*$/)
    .optional(),
  kind: z.enum(['stop', 'readings']).optional(),
  status: z.enum(['waiting', 'attached']).optional(),
  keptBefore: instantSchema.optional(),
});
const cursorSchema = z
  .string()
  .regex(/^\d{1,18}$/, 'is not a cursor of this list')
  .optional();
const instant = z.iso.datetime();

/** `GET /v1/orphans`. */
export const orphanPageSchema = z.strictObject({
  items: z.array(
    z.strictObject({
      orphanId: z.uuid(),
      chargePointId: z.string(),
      kind: z.enum(['stop', 'readings']),
      status: z.enum(['waiting', 'attached']),
      keptAt: instant.describe('on our clock'),
      sessionId: z.uuid().nullable(),
      ocppTransactionId: z.string().nullable().describe('as the charger said it'),
      connectorId: z.int().nullable(),
      stoppedAt: instant.nullable(),
      registerWh: z.string().nullable().describe('Wh, exact'),
      stopReason: z.string().nullable(),
      readings: z.int(),
      firstReadAt: instant.nullable(),
      lastReadAt: instant.nullable(),
      eventIds: z.array(z.string()).describe('on charging.orphans.v1'),
    }),
  ),
  next: z.string().nullable(),
});

@ApiTags('sessions')
@Controller('v1/orphans')
export class OrphansController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Stops and readings that named no session, newest first' })
  @ApiQuery({ name: 'chargePointId', required: false })
  @ApiQuery({ name: 'kind', required: false, enum: ['stop', 'readings'] })
  @ApiQuery({ name: 'status', required: false, enum: ['waiting', 'attached'] })
  @ApiQuery({ name: 'keptBefore', required: false, description: 'on our clock' })
  @ApiPage()
  @ApiResponse({ status: 200, schema: jsonSchemaOf(orphanPageSchema) })
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(querySchema)) query: z.infer<typeof querySchema>,
  ): Promise<Page<ShownOrphan>> {
    const [cursor] = decodeCursor(query.cursor, 1) ?? [];
    const before = validated(cursorSchema).transform(cursor, { type: 'query' });
    const { limit, ...asked } = query;
    const orphans = await listOrphans(this.parts.sql, cpoId, { ...asked, before }, limit);
    return pageOf(
      orphans,
      limit,
      ({ orphan }) => orphan,
      ({ ordinal }) => [ordinal],
    );
  }
}
