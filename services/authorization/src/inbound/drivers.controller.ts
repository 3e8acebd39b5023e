import { Controller, Delete, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Caller, Problem, Roles, type CallerIdentity } from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import { TokenDesk } from './token-desk';

/** Drivers: who holds a membership. */
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
}
