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
import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import { z } from 'zod';
import { uptimeOf, type UptimePart, uptimePercent } from '../domain/uptime';
import {
  type ChargePoint,
  findChargePoint,
  listChargePoints,
} from '../outbound/charge-point-registry';
import { findExclusions, type OutageExclusion } from '../outbound/outage-exclusions';
import { findStationHealth, type StationHealth } from '../outbound/station-health';
import { findUptimeFacts, type StationFacts } from '../outbound/uptime-facts';
import { type ApiParts, apiParts } from './api-parts';
import { instantSchema } from './session-review-schema';

const graceSecondsDefault = 300;
const daysMax = 400;
/** Each is a period of facts to look through. */
const stationsMax = 100;

const periodFields = {
  from: instantSchema,
  to: instantSchema,
  graceSeconds: z.coerce.number().int().min(0).max(86_400).default(graceSecondsDefault),
};
const periodSchema = z.object(periodFields);
const pageSchema = pageQuerySchema.extend({
  ...periodFields,
  limit: z.coerce.number().int().min(1).max(stationsMax).default(50),
});

type Period = Readonly<{ fromMs: number; toMs: number; lookedAtMs: number; graceMs: number }>;

type ConnectorUptime = Readonly<{
  connectorId: number;
  /** Three digits, rounded down; null when nothing is known. */
  uptimePercent: string | null;
  /** Whole seconds. */
  seconds: Readonly<Record<UptimePart, number>>;
  faults: readonly Readonly<{ errorCode: string; count: number }>[];
}>;

type StationUptime = StationHealth &
  Readonly<{
    chargePointId: string;
    /** Since `lastHeardAt`, whole seconds; null when that is. */
    secondsSinceHeard: number | null;
    /** Those that touch the period. */
    exclusions: readonly Omit<OutageExclusion, 'cpoId' | 'chargePointId'>[];
    connectors: readonly ConnectorUptime[];
  }>;

const neverHeard: StationHealth = {
  lastHeardAt: null,
  firmwareVersion: null,
  vendor: null,
  model: null,
  bootedAt: null,
};

/** @throws Problem when it is not one, or longer than is looked through at once. */
const periodOf = (query: z.infer<typeof periodSchema>): Period => {
  const lookedAtMs = Date.now();
  const fromMs = parseInstant(query.from);
  const toMs = Math.min(parseInstant(query.to), lookedAtMs);
  if (fromMs < toMs && toMs - fromMs <= daysMax * 86_400_000) {
    return { fromMs, toMs, lookedAtMs, graceMs: query.graceSeconds * 1_000 };
  }
  throw new Problem({
    status: 422,
    type: 'period-invalid',
    title: 'The period cannot be looked at',
    detail: `from must be in the past and before to, by at most ${daysMax} days`,
  });
};

type StationRecord = Readonly<{
  health: StationHealth;
  exclusions: readonly OutageExclusion[];
}>;

const uptimeOfStation = (
  { id: chargePointId, connectors }: ChargePoint,
  { connections, statuses, faults }: StationFacts,
  { health, exclusions }: StationRecord,
  period: Period,
): StationUptime => ({
  chargePointId,
  ...health,
  exclusions: exclusions.map(({ cpoId: _cpo, chargePointId: _station, ...said }) => said),
  secondsSinceHeard:
    health.lastHeardAt === null
      ? null
      : Math.max(0, Math.round((period.lookedAtMs - parseInstant(health.lastHeardAt)) / 1_000)),
  connectors: connectors.map(({ id }) => {
    const facts = {
      connections,
      statuses: statuses.get(id) ?? [],
      stationStatuses: statuses.get(0) ?? [],
      exclusions: exclusions
        .filter(({ connectorId }) => connectorId === undefined || connectorId === id)
        .map(({ beganAt, endedAt }) => ({
          fromMs: parseInstant(beganAt),
          toMs: parseInstant(endedAt),
        })),
    };
    const uptime = uptimeOf(period, facts, period);
    const seconds = Object.entries(uptime).map(([part, ms]) => [part, Math.round(ms / 1_000)]);
    return {
      connectorId: id,
      uptimePercent: uptimePercent(uptime) ?? null,
      seconds: Object.fromEntries(seconds) as ConnectorUptime['seconds'],
      faults: faults
        .filter(({ connectorId }) => connectorId === id)
        .map(({ errorCode, count }) => ({ errorCode, count })),
    };
  }),
});

const graceText = `a pause between connections that is not longer is none; ${graceSecondsDefault} if left out`;

@ApiTags('uptime')
@Controller('v1')
export class UptimeController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Get('charge-points/:id/uptime')
  @Roles('operator', 'finance')
  @ApiOperation({
    summary: 'How much of a period each connector of a charge point was up',
    description:
      'With the firmware that it has, and when it was last heard: by its frames, within a minute.',
  })
  @ApiQuery({ name: 'from', description: 'this instant or later' })
  @ApiQuery({ name: 'to', description: 'before this instant; now, if that is earlier' })
  @ApiQuery({ name: 'graceSeconds', required: false, description: graceText })
  @ApiResponse({ status: 404, description: 'not registered' })
  @ApiResponse({ status: 422, description: 'no such period' })
  async one(
    @Caller() { cpoId }: CallerIdentity,
    @Param('id') id: string,
    @Query(validated(periodSchema)) query: z.infer<typeof periodSchema>,
  ): Promise<StationUptime> {
    const period = periodOf(query);
    const point = await findChargePoint(this.parts.sql, cpoId, id);
    if (point === undefined) {
      throw new Problem({
        status: 404,
        type: 'charge-point-unknown',
        title: 'There is no such charge point',
        detail: `charge point ${id} is not registered`,
      });
    }
    const [uptime] = await this.uptimeOfEach(cpoId, [point], period);
    return uptime!;
  }

  @Get('uptime')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'The same of all charge points, by id' })
  @ApiQuery({ name: 'from', description: 'this instant or later' })
  @ApiQuery({ name: 'to', description: 'before this instant; now, if that is earlier' })
  @ApiQuery({ name: 'graceSeconds', required: false, description: graceText })
  @ApiQuery({ name: 'limit', required: false, description: `1 to ${stationsMax}; left out: 50` })
  @ApiQuery({ name: 'cursor', required: false, description: '`next` of the page before' })
  @ApiResponse({ status: 422, description: 'no such period' })
  async all(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(pageSchema)) query: z.infer<typeof pageSchema>,
  ): Promise<Page<StationUptime>> {
    const period = periodOf(query);
    const [after = ''] = decodeCursor(query.cursor, 1) ?? [];
    const points = await listChargePoints(this.parts.sql, cpoId, after, query.limit);
    const uptimes = await this.uptimeOfEach(cpoId, points.slice(0, query.limit), period);
    const { next } = pageOf(
      points,
      query.limit,
      ({ id }) => id,
      ({ id }) => [id],
    );
    return { items: uptimes, next };
  }

  private async uptimeOfEach(
    cpoId: string,
    points: readonly ChargePoint[],
    period: Period,
  ): Promise<StationUptime[]> {
    const { fromMs, toMs, lookedAtMs } = period;
    const [from, to, lookedAt] = [fromMs, toMs, lookedAtMs].map(instantFromEpochMs) as [
      string,
      string,
      string,
    ];
    const ids = points.map(({ id }) => id);
    const health = await findStationHealth(this.parts.sql, cpoId, ids);
    const exclusions = await findExclusions(this.parts.sql, cpoId, ids, { from, to });
    const uptimes: StationUptime[] = [];
    for await (const facts of findUptimeFacts(this.parts.sql, cpoId, ids, { from, to, lookedAt })) {
      const point = points[uptimes.length]!;
      const record = {
        health: health.get(point.id) ?? neverHeard,
        exclusions: exclusions.filter(({ chargePointId }) => chargePointId === point.id),
      };
      uptimes.push(uptimeOfStation(point, facts, record, period));
    }
    return uptimes;
  }
}
