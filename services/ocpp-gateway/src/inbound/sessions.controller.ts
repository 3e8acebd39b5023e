import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
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
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { z } from 'zod';
import type { CorrectStop, ReleaseSession } from '../domain/session-review';
import {
  findSession,
  listSessions,
  type SessionDetail,
  type SessionSummary,
} from '../outbound/session-views';
import { type ApiParts, apiParts } from './api-parts';
import { instantSchema, releaseSchema, stopCorrectionSchema } from './session-review-schema';
import { sessionDetailSchema, sessionPageSchema } from './session-view-schema';

const querySchema = pageQuerySchema.extend({
  chargePointId: z.string().max(48).optional(),
  status: z.enum(['active', 'stopped', 'closed']).optional(),
  connectorId: z.coerce.number().int().min(0).max(2_147_483_647).optional(),
  tokenRef: z.string().max(100).optional(),
  quarantined: z.enum(['true', 'false']).optional(),
  startedFrom: instantSchema.optional(),
  startedBefore: instantSchema.optional(),
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
  @ApiQuery({ name: 'connectorId', required: false })
  @ApiQuery({ name: 'tokenRef', required: false })
  @ApiQuery({ name: 'quarantined', required: false, enum: ['true', 'false'] })
  @ApiQuery({ name: 'startedFrom', required: false, description: 'this instant or later' })
  @ApiQuery({ name: 'startedBefore', required: false })
  @ApiPage()
  @ApiResponse({ status: 200, schema: jsonSchemaOf(sessionPageSchema) })
  async list(
    @Caller() caller: CallerIdentity,
    @Query(validated(querySchema)) query: z.infer<typeof querySchema>,
  ): Promise<Page<SessionSummary>> {
    const [cursor] = decodeCursor(query.cursor, 1) ?? [];
    const before = validated(cursorSchema).transform(cursor, { type: 'query' });
    const { limit, quarantined, ...asked } = query;
    const isQuarantined = quarantined === undefined ? undefined : quarantined === 'true';
    const filter = { ...asked, isQuarantined, before };
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
  @ApiResponse({ status: 200, schema: jsonSchemaOf(sessionDetailSchema) })
  @ApiResponse({ status: 404, description: 'the CPO has no such session' })
  async get(@Caller() caller: CallerIdentity, @Param('id') id: string): Promise<SessionDetail> {
    const session = idSchema.safeParse(id).success
      ? await findSession(this.parts.sql, caller.cpoId, id)
      : undefined;
    if (session === undefined) throw unknownSession(id);
    return session;
  }

  @Post(':id/stop-correction')
  @HttpCode(202)
  @Roles('operator')
  @ApiOperation({
    summary: 'Say what the stop of a session was; a CDR is credited and issued anew',
  })
  @ApiBody({ schema: jsonSchemaOf(stopCorrectionSchema) })
  @ApiResponse({ status: 202, description: 'recorded, or was recorded before' })
  @ApiResponse({ status: 404, description: 'the CPO has no such session' })
  @ApiResponse({ status: 422, description: 'a stop that cannot be, or a doubt nobody has' })
  async correctStop(
    @Caller() caller: CallerIdentity,
    @Param('id') id: string,
    @Body(validated(stopCorrectionSchema)) body: z.infer<typeof stopCorrectionSchema>,
  ): Promise<SessionDetail> {
    const { registerWh: meterStopMilliWh, ...said } = body;
    const now = instantFromEpochMs(Date.now());
    const correctedBy = caller.subject;
    const command = { type: 'CorrectStop', now, correctedBy, meterStopMilliWh, ...said } as const;
    return this.review(caller, id, command, now);
  }

  @Post(':id/release')
  @HttpCode(202)
  @Roles('operator')
  @ApiOperation({ summary: 'Say that a doubt about a session has been looked at' })
  @ApiBody({ schema: jsonSchemaOf(releaseSchema) })
  @ApiResponse({ status: 202, description: 'recorded' })
  @ApiResponse({ status: 404, description: 'the CPO has no such session' })
  @ApiResponse({ status: 422, description: 'the session is under no such doubt' })
  async release(
    @Caller() caller: CallerIdentity,
    @Param('id') id: string,
    @Body(validated(releaseSchema)) { reason, detail }: z.infer<typeof releaseSchema>,
  ): Promise<SessionDetail> {
    const command = { type: 'ReleaseSession', reason, detail: `${caller.subject}: ${detail}` };
    const now = instantFromEpochMs(Date.now());
    return this.review(caller, id, command as ReleaseSession, now);
  }

  private async review(
    caller: CallerIdentity,
    id: string,
    command: CorrectStop | ReleaseSession,
    now: Instant,
  ): Promise<SessionDetail> {
    const { commits, sessions } = this.parts;
    const decision = idSchema.safeParse(id).success
      ? await commits.submit((tx) => sessions.review(tx, caller.cpoId, id, command, now))
      : undefined;
    if (decision === undefined) throw unknownSession(id);
    if (decision.kind === 'refused') {
      const { reason: type, detail } = decision;
      throw new Problem({
        status: 422,
        type,
        title: refusals[type] ?? 'The session does not allow it',
        ...(detail === undefined ? {} : { detail }),
      });
    }
    return this.get(caller, id);
  }
}

const refusals: Readonly<Partial<Record<string, string>>> = {
  'session-still-active': 'The session has not stopped yet',
  'stop-before-start': 'The stop would be before the start',
  'stop-after-close': 'The stop would be after the end of billing',
  'stop-in-the-future': 'The stop would be in the future',
  'register-below-start': 'The register would be below that of the start',
  'doubt-unknown': 'The session is under no such doubt',
};

const unknownSession = (id: string): Problem =>
  new Problem({
    status: 404,
    type: 'session-unknown',
    title: 'There is no such session',
    detail: `no session ${id.slice(0, 60)}`,
  });
