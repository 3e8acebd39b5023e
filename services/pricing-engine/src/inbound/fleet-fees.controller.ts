import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  Caller,
  decodeCursor,
  pageOf,
  pageQuerySchema,
  Roles,
  validated,
  type CallerIdentity,
  type Page,
} from '@tallywatt/service-kit';
import type { FleetFeeEvent } from '@tallywatt/contracts';
import type { Pool } from 'pg';
import { z } from 'zod';
import { listFleetFees } from '../outbound/fleet-fee-table';
import { database } from './database';

const feeQuerySchema = pageQuerySchema.extend({
  fleetRef: z.guid('must be the reference of a fleet').optional(),
});

/** Monthly fees of fleet plans, charged or withheld. */
@ApiTags('fleets')
@Controller('v1/fleet-fees')
export class FleetFeesController {
  constructor(@Inject(database) private readonly db: Pool) {}

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({
    summary: 'Lists fees by month; `status` says whether one is charged or withheld',
  })
  @ApiQuery({ name: 'fleetRef', required: false })
  @ApiPage()
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(feeQuerySchema)) query: z.infer<typeof feeQuerySchema>,
  ): Promise<Page<object>> {
    const { limit, cursor, fleetRef } = query;
    const after = decodeCursor(cursor, 2);
    const fees = await listFleetFees(this.db, cpoId, fleetRef, after, limit + 1);
    return pageOf(fees, limit, shown, ({ period, feeId }) => [period, feeId]);
  }
}

const shown = ({ type, cpoId: _, ...fee }: FleetFeeEvent): object => ({
  status: type === 'FleetFeeCharged' ? 'charged' : 'withheld',
  ...fee,
});
