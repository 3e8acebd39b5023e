import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Caller, Problem, Roles, type CallerIdentity } from '@tallywatt/service-kit';
import { z } from 'zod';
import { EstimateDesk } from './estimate-desk';
import { logPlace } from './log-place';

/** What running sessions would cost now, each with its place in the log. */
@ApiTags('sessions')
@Controller('v1/sessions')
export class EstimatesController {
  constructor(@Inject(EstimateDesk) private readonly desk: EstimateDesk) {}

  @Get(':id/estimate')
  @Roles('operator')
  @ApiOperation({
    summary: 'Shows what a running session would cost if it had stopped at its newest fact',
    description:
      'The last estimate, by the function that prices the CDR. `asOf` is the instant of the ' +
      'newest fact it rests on, `estimatedAt` when it was written down.',
  })
  @ApiParam({ name: 'id', description: 'Id of the session' })
  @ApiResponse({
    status: 404,
    description:
      'There is no such session, it is closed (its price is a CDR), it is doubted, its price is ' +
      'refused, or nothing has been read since it started: `detail` begins with the reason',
  })
  async latest(
    @Caller() { cpoId }: CallerIdentity,
    @Param('id') sessionId: string,
  ): Promise<object> {
    if (!z.guid().safeParse(sessionId).success) throw notAnId(sessionId);
    const row = await this.desk.latest({ cpoId, sessionId });
    return {
      ...(JSON.parse(row.value) as object),
      estimatedAt: row.estimated_at,
      log: logPlace(row),
    };
  }
}

const notAnId = (sessionId: string): Problem =>
  new Problem({
    status: 404,
    type: 'estimate-none',
    title: 'Nobody can say what this session would cost now',
    detail: `session-unknown: ${sessionId} is not the id of a session`,
  });
