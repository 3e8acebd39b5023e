import {
  Controller,
  Headers,
  HttpCode,
  Inject,
  Post,
  Req,
  type RawBodyRequest,
} from '@nestjs/common';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { sha256Hex } from '@tallywatt/contracts';
import { Problem, Public } from '@tallywatt/service-kit';
import type { Request } from 'express';
import { WebhookReception } from './webhook-reception';
import { WebhookForged } from './webhook-signature';

@ApiTags('webhooks')
@Controller('webhooks/stripe')
export class WebhookController {
  constructor(@Inject(WebhookReception) private readonly reception: WebhookReception) {}

  @Post()
  @Public()
  @HttpCode(200)
  @ApiExcludeEndpoint()
  async receive(
    @Req() request: RawBodyRequest<Request>,
    @Headers('stripe-signature') signature: string | undefined,
  ): Promise<{ received: true }> {
    const body = request.rawBody ?? Buffer.alloc(0);
    try {
      await this.reception.receive(body, signature, sha256Hex(body.toString('utf8')));
    } catch (error) {
      if (!(error instanceof WebhookForged)) throw error;
      throw new Problem({
        status: 400,
        type: 'webhook-forged',
        title: 'The signature of the webhook does not hold',
        detail: error.message,
      });
    }
    return { received: true };
  }
}
