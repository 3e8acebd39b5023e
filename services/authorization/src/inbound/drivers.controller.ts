import { Controller, Delete, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Caller, Problem, Roles, type CallerIdentity } from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import { TokenDesk } from './token-desk';

/** Drivers: who holds a membership, and what is left of what it includes. */
@ApiTags('drivers')
@Controller('v1/drivers')
export class DriversController {
  constructor(@Inject(TokenDesk) private readonly desk: TokenDesk) {}

  @Delete(':driverId/membership')
  @Roles('operator')
  @ApiOperation({ summary: 'Revokes the membership of a driver' })
  @ApiParam({ name: 'driverId', description: "The operator's own id, or the driver's reference" })
  @ApiResponse({ status: 200, description: 'Revoked, now or before' })
  @ApiResponse({ status: 404, description: 'The driver is unknown or never had a membership' })
  async revoke(
    @Caller() caller: CallerIdentity,
    @Param('driverId') driverId: string,
  ): Promise<object> {
    const now = instantFromEpochMs(Date.now());
    const revoked = await this.desk.revokeMembership(caller.cpoId, driverId, now);
    if (revoked === undefined) {
      throw new Problem({
        status: 404,
        type: 'membership-unknown',
        title: 'There is no such membership',
        detail: 'the driver in the path is unknown to this CPO or never had a membership',
      });
    }
    return revoked;
  }

  @Get(':driverId/allowances/:period')
  @Roles('operator')
  @ApiOperation({ summary: 'The included energy of a driver in a calendar month, and who drew it' })
  @ApiParam({ name: 'driverId', description: "The operator's own id, or the driver's reference" })
  @ApiParam({ name: 'period', description: 'YYYY-MM, on the calendar of the locations' })
  @ApiResponse({ status: 200, description: 'Energy in mWh, as text' })
  @ApiResponse({ status: 404, description: 'The driver is unknown, or nothing was drawn' })
  async allowance(
    @Caller() caller: CallerIdentity,
    @Param('driverId') driverId: string,
    @Param('period') period: string,
  ): Promise<object> {
    const allowance = await this.desk.allowance(caller.cpoId, driverId, period);
    if (allowance !== undefined) return allowance;
    throw new Problem({
      status: 404,
      type: 'allowance-unknown',
      title: 'Nothing was drawn',
      detail: 'no session of the driver in the path has drawn included energy of that month',
    });
  }
}
