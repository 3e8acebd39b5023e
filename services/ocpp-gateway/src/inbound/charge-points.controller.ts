import {
  type PipeTransform,
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { decimalToString, trimDecimal } from '@tallywatt/money';
import {
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
import { instantFromEpochMs } from '@tallywatt/time';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type ChargePoint,
  findChargePoint,
  listChargePoints,
  registerChargePoint,
  type Registration,
} from '../outbound/charge-point-registry';
import { registerChargePoints } from '../outbound/charge-point-lists';
import { listPending, type PendingChargePoint } from '../outbound/pending-charge-points';
import type { RemoteStopOutcome } from '../outbound/remote-stops';
import { connectedAmong } from '../outbound/replicas';
import { type ApiParts, apiParts } from './api-parts';
import {
  type ChargePointRequest,
  chargePointListSchema,
  chargePointSchema,
  decodeChargePoint,
} from './charge-point-schema';
import { credentialsOfList, credentialsOfOne } from './registered-credentials';

const listQuerySchema = pageQuerySchema.extend({
  status: z.enum(['registered', 'pending', 'refused']).default('registered'),
});
const refusalSchema = z.strictObject({
  reason: z
    .string()
    .min(1)
    .max(500)
    .regex(/^\P{C}+$/u, 'must be printable'),
});
const remoteStopSchema = z.strictObject({ sessionId: z.uuid() });

const unknown = (id: string): Problem =>
  new Problem({
    status: 404,
    type: 'charge-point-unknown',
    title: 'There is no such charge point',
    detail: `charge point ${id} is not registered`,
  });

/** A charge point as it was registered, but for its password. */
type ChargePointView = Omit<ChargePoint, 'cpoId' | 'connectors'> &
  Readonly<{
    connectors: readonly Readonly<{
      id: number;
      powerKwMax: string;
      evseGroups: readonly string[];
    }>[];
    isConnected: boolean;
  }>;

/** `isConnected`: to whichever process of the gateway. */
const viewOf = ({ cpoId: _, ...point }: ChargePoint, isConnected: boolean): ChargePointView => ({
  ...point,
  connectors: point.connectors.map(({ id, powerWMax, evseGroups }) => ({
    id,
    powerKwMax: decimalToString(trimDecimal({ unscaled: powerWMax, scale: 3 })),
    evseGroups,
  })),
  isConnected,
});

/** What became of a list, in its order. */
type ListOutcome = Readonly<{
  created: number;
  changed: number;
  unchanged: number;
  items: readonly Readonly<{ id: string; outcome: Registration }>[];
}>;

/** An object or a list of them; the faults of either have their own paths. */
const oneOrMany: PipeTransform<unknown, ChargePointRequest | ChargePointRequest[]> = {
  transform: (value, metadata) =>
    (Array.isArray(value)
      ? validated(chargePointListSchema)
      : validated(chargePointSchema)
    ).transform(value, metadata),
};

@ApiTags('charge points')
@Controller('v1/charge-points')
export class ChargePointsController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Post()
  @Roles('operator')
  @ApiOperation({
    summary: 'Register a charge point or a list of them, or change what is known of them',
    description:
      'A list of up to 10,000 is taken whole or not at all; its answer has the outcome of each. ' +
      'Its passwords are hashed slowly in the minutes after. A password that is left out stays as ' +
      'it is stored, and what is rotating goes on; another one ends it.',
  })
  @ApiBody({
    schema: { oneOf: [jsonSchemaOf(chargePointSchema), jsonSchemaOf(chargePointListSchema)] },
  })
  @ApiResponse({ status: 201, description: 'registered; of a list, one at least' })
  @ApiResponse({
    status: 200,
    description: 'was registered before; changed if the content differs',
  })
  @ApiResponse({ status: 422, description: 'every fault, by JSON path' })
  async register(
    @Caller() caller: CallerIdentity,
    @Body(oneOrMany) body: ChargePointRequest | ChargePointRequest[],
    @Res({ passthrough: true }) response: { status: (code: number) => unknown },
  ): Promise<ChargePointView | ListOutcome> {
    if (Array.isArray(body)) {
      const outcome = await this.registerList(caller.cpoId, body);
      response.status(outcome.created > 0 ? 201 : 200);
      return outcome;
    }
    const point = decodeChargePoint(caller.cpoId, body);
    const credentials = await credentialsOfOne(this.parts, caller.cpoId, body);
    const { eventLog } = this.parts;
    const now = instantFromEpochMs(Date.now());
    const outcome = await eventLog.transaction((tx) =>
      registerChargePoint(eventLog, tx, point, credentials, now),
    );
    response.status(outcome === 'created' ? 201 : 200);
    return this.seen(point);
  }

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({
    summary: 'Charge points by id',
    description:
      'Registered ones; with `status` those that wait to be registered, or that were refused.',
  })
  async list(
    @Caller() caller: CallerIdentity,
    @Query(validated(listQuerySchema)) query: z.infer<typeof listQuerySchema>,
  ): Promise<Page<ChargePointView | PendingChargePoint>> {
    const [after = ''] = decodeCursor(query.cursor, 1) ?? [];
    const { sql } = this.parts;
    const { status, limit } = query;
    if (status !== 'registered') {
      const waiting = await listPending(sql, caller.cpoId, status, after, limit);
      return pageOf(
        waiting,
        limit,
        (one) => one,
        ({ id }) => [id],
      );
    }
    const points = await listChargePoints(sql, caller.cpoId, after, query.limit);
    const ids = points.map(({ id }) => id);
    const connected = await connectedAmong(sql, caller.cpoId, ids);
    return pageOf(
      points,
      query.limit,
      (point) => viewOf(point, connected.has(point.id)),
      ({ id }) => [id],
    );
  }

  @Get(':id')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'One charge point' })
  @ApiResponse({ status: 404, description: 'not registered' })
  async get(@Caller() caller: CallerIdentity, @Param('id') id: string): Promise<ChargePointView> {
    const point = await findChargePoint(this.parts.sql, caller.cpoId, id);
    if (point === undefined) throw unknown(id);
    return this.seen(point);
  }

  @Post(':id/refusal')
  @HttpCode(200)
  @Roles('operator')
  @ApiOperation({
    summary: 'Refuse a charger that waits to be registered',
    description: 'Registering it accepts it, also after it was refused.',
  })
  @ApiBody({ schema: jsonSchemaOf(refusalSchema) })
  @ApiResponse({ status: 404, description: 'no such charger waits' })
  async refuse(
    @Caller() { cpoId, subject: refusedBy }: CallerIdentity,
    @Param('id') chargePointId: string,
    @Body(validated(refusalSchema)) { reason }: z.infer<typeof refusalSchema>,
  ): Promise<{ id: string; status: 'refused' }> {
    const { commits, pending } = this.parts;
    const now = instantFromEpochMs(Date.now());
    const said = { refusedBy, reason };
    const station = { cpoId, chargePointId };
    if (!(await commits.submit((tx) => pending.refuse(tx, station, said, now)))) {
      throw unknown(chargePointId);
    }
    return { id: chargePointId, status: 'refused' };
  }

  @Post(':id/remote-stop')
  @Roles('operator')
  @ApiOperation({ summary: 'Ask the charger to stop a session' })
  @ApiBody({ schema: jsonSchemaOf(remoteStopSchema) })
  @ApiResponse({ status: 202, description: 'recorded; sent as soon as the charger is connected' })
  @ApiResponse({ status: 404, description: 'the charge point has no such session' })
  async remoteStop(
    @Caller() caller: CallerIdentity,
    @Param('id') id: string,
    @Body(validated(remoteStopSchema)) { sessionId }: z.infer<typeof remoteStopSchema>,
    @Res({ passthrough: true }) response: { status: (code: number) => unknown },
  ): Promise<RemoteStopOutcome> {
    const { cpoId, subject } = caller;
    const now = instantFromEpochMs(Date.now());
    const wish = {
      cpoId,
      sessionId,
      reason: 'operator',
      requestedBy: subject,
      wishId: randomUUID(),
      chargePointId: id,
    } as const;
    const outcome = await this.parts.commits.submit((tx) =>
      this.parts.remoteStops.request(tx, wish, now),
    );
    if (outcome === undefined) {
      throw new Problem({
        status: 404,
        type: 'session-unknown',
        title: 'There is no such session',
        detail: `charge point ${id} has no session ${sessionId}`,
      });
    }
    response.status(202);
    return outcome;
  }

  private async seen(point: ChargePoint): Promise<ChargePointView> {
    const { cpoId, id } = point;
    return viewOf(point, (await connectedAmong(this.parts.sql, cpoId, [id])).has(id));
  }

  private async registerList(cpoId: string, list: ChargePointRequest[]): Promise<ListOutcome> {
    const { eventLog } = this.parts;
    const now = instantFromEpochMs(Date.now());
    const credentials = await credentialsOfList(this.parts, cpoId, list);
    const listed = credentials.map((credentialsAfter, index) => ({
      point: decodeChargePoint(cpoId, list[index] as ChargePointRequest),
      credentialsAfter,
    }));
    const outcomes = await eventLog.transaction((tx) =>
      registerChargePoints(eventLog, tx, cpoId, listed, now),
    );
    const count = (wanted: Registration): number =>
      outcomes.filter((outcome) => outcome === wanted).length;
    return {
      created: count('created'),
      changed: count('changed'),
      unchanged: count('unchanged'),
      items: list.map(({ id }, index) => ({ id, outcome: outcomes[index] ?? 'unchanged' })),
    };
  }
}
