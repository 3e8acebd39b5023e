import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  Caller,
  jsonSchemaOf,
  Roles,
  validated,
  type CallerIdentity,
} from '@tallywatt/service-kit';
import { RefundRequest, refundSchema, type RefundBody, type RefundView } from './refund-request';

@ApiTags('refunds')
@ApiBearerAuth()
@Controller('v1/refunds')
export class RefundController {
  constructor(@Inject(RefundRequest) private readonly refunds: RefundRequest) {}

  @Post()
  @Roles('operator', 'finance')
  @HttpCode(202)
  @ApiOperation({ summary: 'Gives back what was captured, whole or in part' })
  @ApiBody({ schema: jsonSchemaOf(refundSchema) })
  @ApiResponse({ status: 202, description: 'Recorded; the processor is asked next' })
  @ApiResponse({ status: 404, description: 'No such payment' })
  @ApiResponse({ status: 422, description: 'More than is left, or nothing captured' })
  request(
    @Caller() caller: CallerIdentity,
    @Body(validated(refundSchema)) body: RefundBody,
  ): Promise<RefundView> {
    return this.refunds.request(caller, body);
  }
}
