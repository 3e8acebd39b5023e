import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  Caller,
  type CallerIdentity,
  decodeCursor,
  type Page,
  pageOf,
  pageQuerySchema,
  Problem,
  Roles,
  validated,
} from '@tallywatt/service-kit';
import { z } from 'zod';
import {
  findSession,
  listSessions,
  type SessionDetail,
  type SessionSummary,
} from '../outbound/session-views';
import { type ApiParts, apiParts } from './api-parts';

const querySchema = pageQuerySchema.extend({
  chargePointId: z.string().max(48).optional(),
  status: z.enum(['active', 'stopped', 'closed']).optional(),
});
const idSchema = z.uuid();
const cursorSchema = z
  .string()
  .regex(/^\d{1,18}$/, 'is not a cursor of this list')
  .optional();

@ApiTags('sessions')
@Controller('v1/sessions')
export class SessionsController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Sessions, newest first' })
  @ApiQuery({ name: 'chargePointId', required: false })
  @ApiQuery({ name: 'status', required: false, enum: ['active', 'stopped', 'closed'] })
  @ApiQuery({ name: 'limit', required: false })
  @ApiQuery({ name: 'cursor', required: false })
  async list(
    @Caller() caller: CallerIdentity,
    @Query(validated(querySchema)) query: z.infer<typeof querySchema>,
  ): Promise<Page<SessionSummary>> {
    const [cursor] = decodeCursor(query.cursor, 1) ?? [];
    const before = validated(cursorSchema).transform(cursor, { type: 'query' });
    const { chargePointId, status, limit } = query;
    const filter = { chargePointId, status, before };
    const sessions = await listSessions(this.parts.sql, caller.cpoId, filter, limit);
    return pageOf(
      sessions,
      limit,
      ({ summary }) => summary,
      ({ ordinal }) => [ordinal],
    );
  }

  @Get(':id')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'One session with its readings and its events’ places in Kafka' })
  @ApiResponse({ status: 404, description: 'the CPO has no such session' })
  async get(@Caller() caller: CallerIdentity, @Param('id') id: string): Promise<SessionDetail> {
    const session = idSchema.safeParse(id).success
      ? await findSession(this.parts.sql, caller.cpoId, id)
      : undefined;
    if (session === undefined) {
      throw new Problem({
        status: 404,
        type: 'session-unknown',
        title: 'There is no such session',
        detail: `no session ${id.slice(0, 60)}`,
      });
    }
    return session;
  }
}
