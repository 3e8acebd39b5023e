import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
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
import { z } from 'zod';
import { PaymentReader } from '../outbound/payment-reader';
import { paymentView, type PaymentView } from './payment-view';

const querySchema = pageQuerySchema.extend({ sessionId: z.string().min(1).max(100).optional() });

@ApiTags('payments')
@ApiBearerAuth()
@Controller('v1/payments')
export class PaymentController {
  constructor(@Inject(PaymentReader) private readonly reader: PaymentReader) {}

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Payments with their state, amounts, events and processor calls' })
  @ApiQuery({ name: 'sessionId', required: false, type: String })
  @ApiPage()
  async list(
    @Caller() caller: CallerIdentity,
    @Query(validated(querySchema)) query: z.infer<typeof querySchema>,
  ): Promise<Page<PaymentView>> {
    const after = decodeCursor(query.cursor, 1)?.[0];
    const rows = await this.reader.list(caller.cpoId, {
      limit: query.limit,
      ...(query.sessionId === undefined ? {} : { sessionId: query.sessionId }),
      ...(after === undefined ? {} : { after }),
    });
    return pageOf(rows, query.limit, paymentView, (row) => [row.paymentId]);
  }
}
