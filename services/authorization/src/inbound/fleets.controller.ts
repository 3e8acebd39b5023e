import {
  Body,
  Controller,
  Delete,
  Get,
  HttpStatus,
  Inject,
  Param,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  Caller,
  decodeCursor,
  jsonSchemaOf,
  pageOf,
  pageQuerySchema,
  Problem,
  Roles,
  validated,
  type CallerIdentity,
} from '@tallywatt/service-kit';
import { instantFromEpochMs, isTimeZone } from '@tallywatt/time';
import { validate as isUuid } from 'uuid';
import { z } from 'zod';
import { FleetDesk } from './fleet-desk';

const fleetSchema = z
  .strictObject({
    plan: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and dashes')
      .refine(
        (plan) => plan !== 'retail' && plan !== 'roaming',
        'must not be retail or roaming, which are tiers of others',
      ),
    timeZone: z.string().refine(isTimeZone, 'is not an IANA time zone'),
    feeTariffId: z
      .string()
      .regex(/^[ -~]{1,36}$/, 'must be the id of a tariff')
      .nullish(),
  })
  .transform(({ plan, timeZone, feeTariffId }) => ({
    plan,
    timeZone,
    ...(feeTariffId == null ? {} : { feeTariffId }),
  }));

/** Fleets: who pays for the tokens that `POST /v1/tokens` puts into them. */
@ApiTags('fleets')
@Controller('v1/fleets')
export class FleetsController {
  constructor(@Inject(FleetDesk) private readonly desk: FleetDesk) {}

  @Put(':fleetId')
  @Roles('operator')
  @ApiOperation({ summary: 'States a fleet as it shall be from now on; opens a closed one again' })
  @ApiParam({ name: 'fleetId', description: "The operator's own id" })
  @ApiBody({ schema: jsonSchemaOf(fleetSchema) })
  @ApiResponse({ status: 201, description: 'Registered' })
  @ApiResponse({ status: 200, description: 'Known before; its terms are now as stated' })
  @ApiResponse({ status: 422, description: 'Every fault of the request, by JSON path' })
  async register(
    @Caller() { cpoId }: CallerIdentity,
    @Param('fleetId') fleetId: string,
    @Body(validated(fleetSchema)) terms: z.infer<typeof fleetSchema>,
    @Res({ passthrough: true }) response: { status: (code: number) => unknown },
  ): Promise<object> {
    if (!/^[\x21-\x7e]{1,255}$/.test(fleetId)) throw badId();
    const shown = await this.desk.register(cpoId, fleetId, terms, instantFromEpochMs(Date.now()));
    response.status(shown.outcome === 'created' ? HttpStatus.CREATED : HttpStatus.OK);
    return shown;
  }

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Fleets by reference, closed ones included' })
  @ApiPage()
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(pageQuerySchema)) { limit, cursor }: z.infer<typeof pageQuerySchema>,
  ): Promise<object> {
    const [after] = decodeCursor(cursor, 1) ?? [];
    const fleets = await this.desk.fleets(
      cpoId,
      after !== undefined && isUuid(after) ? after : undefined,
      limit + 1,
    );
    return pageOf(
      fleets,
      limit,
      (fleet) => fleet,
      ({ fleetRef }) => [fleetRef],
    );
  }

  @Get(':fleetId')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'One fleet' })
  @ApiParam({ name: 'fleetId', description: "The operator's own id, or the reference" })
  @ApiResponse({ status: 404, description: 'No such fleet' })
  async one(
    @Caller() { cpoId }: CallerIdentity,
    @Param('fleetId') fleetId: string,
  ): Promise<object> {
    const fleet = await this.desk.fleet(cpoId, fleetId);
    if (fleet === undefined) throw unknownFleet();
    return fleet;
  }

  @Delete(':fleetId')
  @Roles('operator')
  @ApiOperation({ summary: 'Closes a fleet: its tokens may not charge any more' })
  @ApiParam({ name: 'fleetId', description: "The operator's own id, or the reference" })
  @ApiResponse({ status: 200, description: 'Closed, now or before' })
  @ApiResponse({ status: 404, description: 'No such fleet' })
  async close(
    @Caller() { cpoId }: CallerIdentity,
    @Param('fleetId') fleetId: string,
  ): Promise<object> {
    const closed = await this.desk.close(cpoId, fleetId, instantFromEpochMs(Date.now()));
    if (closed === undefined) throw unknownFleet();
    return closed;
  }

  @Get(':fleetId/allowances/:period')
  @Roles('operator')
  @ApiOperation({ summary: 'The included energy of a fleet in a calendar month, and who drew it' })
  @ApiParam({ name: 'fleetId', description: "The operator's own id, or the reference" })
  @ApiParam({ name: 'period', description: 'YYYY-MM, on the calendar of the locations' })
  @ApiResponse({ status: 200, description: 'Energy in mWh, as text' })
  @ApiResponse({ status: 404, description: 'No such fleet, or nothing was drawn' })
  async allowance(
    @Caller() { cpoId }: CallerIdentity,
    @Param('fleetId') fleetId: string,
    @Param('period') period: string,
  ): Promise<object> {
    const allowance = await this.desk.allowance(cpoId, fleetId, period);
    if (allowance !== undefined) return allowance;
    throw new Problem({
      status: 404,
      type: 'allowance-unknown',
      title: 'Nothing was drawn',
      detail: 'no session of the fleet in the path has drawn included energy of that month',
    });
  }
}

const unknownFleet = (): Problem =>
  new Problem({
    status: 404,
    type: 'fleet-unknown',
    title: 'There is no such fleet',
    detail: 'no fleet of this CPO has the id or reference in the path',
  });

const badId = (): Problem =>
  new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: 'the fleet id in the path must be 1 to 255 printable ASCII characters, no spaces',
  });
