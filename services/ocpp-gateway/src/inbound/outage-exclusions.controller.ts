import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { exclusionReasons } from '@tallywatt/contracts';
import {
  Caller,
  type CallerIdentity,
  jsonSchemaOf,
  Problem,
  Roles,
  validated,
} from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { findChargePoint } from '../outbound/charge-point-registry';
import { excludeOutage, withdrawExclusion } from '../outbound/outage-exclusions';
import { type ApiParts, apiParts } from './api-parts';
import { instantSchema } from './session-review-schema';

const detailSchema = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\0]*$/);
const exclusionSchema = z
  .strictObject({
    exclusionId: z.uuid().toLowerCase().optional(),
    connectorId: z.int().min(1).optional(),
    from: instantSchema,
    to: instantSchema,
    reason: z.enum(exclusionReasons),
    detail: detailSchema,
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), 'from must be before to');
const withdrawalSchema = z.strictObject({ detail: detailSchema });

const now = () => instantFromEpochMs(Date.now());

@ApiTags('uptime')
@Controller('v1/charge-points/:id/outage-exclusions')
export class OutageExclusionsController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Post()
  @HttpCode(201)
  @Roles('operator')
  @ApiOperation({
    summary: 'Say that outage of a time is not held against the uptime of a charge point',
    description:
      'For what 23 CFR 680.116(b)(3) lets be excluded, where it can be shown that the charge point ' +
      'would have worked otherwise: `detail` says what shows it. Time in which it was up counts as ' +
      'ever. With an `exclusionId` of the caller the request can be repeated.',
  })
  @ApiBody({ schema: jsonSchemaOf(exclusionSchema) })
  @ApiResponse({ status: 404, description: 'no such charge point or connector' })
  @ApiResponse({ status: 409, description: 'the id is another exclusion’s' })
  async exclude(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') chargePointId: string,
    @Body(validated(exclusionSchema)) body: z.infer<typeof exclusionSchema>,
  ): Promise<{ exclusionId: string }> {
    const { sql, eventLog } = this.parts;
    const { from: beganAt, to: endedAt, connectorId, reason, detail } = body;
    const point = await findChargePoint(sql, cpoId, chargePointId);
    const hasConnector =
      connectorId === undefined || point?.connectors.some(({ id }) => id === connectorId);
    if (point === undefined || !hasConnector) throw unknown('charge point or connector');
    const exclusionId = body.exclusionId ?? randomUUID();
    const exclusion = {
      ...{ cpoId, chargePointId, exclusionId, connectorId, beganAt, endedAt, reason, detail },
      excludedBy: subject,
    };
    const outcome = await eventLog.transaction((tx) =>
      excludeOutage(tx, eventLog, exclusion, now()),
    );
    if (outcome === 'differs') {
      throw new Problem({
        status: 409,
        type: 'exclusion-differs',
        title: 'The exclusion id was used for something else',
        detail: `exclusion ${exclusionId} is another one, or was withdrawn`,
      });
    }
    return { exclusionId };
  }

  @Post(':exclusionId/withdrawal')
  @HttpCode(200)
  @Roles('operator')
  @ApiOperation({ summary: 'Have the outage count again' })
  @ApiBody({ schema: jsonSchemaOf(withdrawalSchema) })
  @ApiResponse({ status: 404, description: 'no such exclusion that counts' })
  async withdraw(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') chargePointId: string,
    @Param('exclusionId', validated(z.uuid().toLowerCase())) exclusionId: string,
    @Body(validated(withdrawalSchema)) { detail }: z.infer<typeof withdrawalSchema>,
  ): Promise<{ exclusionId: string }> {
    const { eventLog } = this.parts;
    const withdrawal = { exclusionId, detail, withdrawnBy: subject };
    const station = { cpoId, chargePointId };
    const isWithdrawn = await eventLog.transaction((tx) =>
      withdrawExclusion(tx, eventLog, station, withdrawal, now()),
    );
    if (!isWithdrawn) throw unknown('exclusion');
    return { exclusionId };
  }
}

const unknown = (what: string): Problem =>
  new Problem({
    status: 404,
    type: 'exclusion-unknown',
    title: `There is no such ${what}`,
    detail: `no such ${what} of this CPO`,
  });
