import { Body, Controller, HttpCode, HttpStatus, Inject, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Problem, Roles } from '@tallywatt/service-kit';
import type { QuoteAnswer } from '../domain/quote-answer';
import { QuoteDesk } from './quote-desk';

const quoteSchema = {
  type: 'object',
  description: 'Either `session` or `cdr`; see docs/quotes.md',
  required: ['tariff', 'timeZone'],
  example: {
    tariff: {
      id: 'AC',
      currency: 'EUR',
      elements: [{ price_components: [{ type: 'ENERGY', price: 0.49, vat: 19, step_size: 1 }] }],
    },
    timeZone: 'Europe/Berlin',
    session: {
      start: '2026-06-01T08:00:00Z',
      end: '2026-06-01T09:30:00Z',
      readings: [
        { at: '2026-06-01T08:00:00Z', registerWh: 500 },
        { at: '2026-06-01T09:00:00Z', registerWh: '20500.125' },
      ],
    },
  },
};

/** What a session would cost: the rating function itself, with nothing around it. */
@ApiTags('quotes')
@Controller('v1/quotes')
export class QuotesController {
  constructor(@Inject(QuoteDesk) private readonly desk: QuoteDesk) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @Roles('operator', 'finance', 'driver')
  @ApiOperation({ summary: 'Prices a session or a CDR under a tariff; nothing is kept' })
  @ApiBody({ schema: quoteSchema })
  @ApiResponse({ status: 200, description: 'The price, every line explained' })
  @ApiResponse({ status: 400, description: 'The body is not JSON' })
  @ApiResponse({ status: 413, description: 'The body is larger than 8 MiB' })
  @ApiResponse({ status: 422, description: 'No price: every fault by JSON path, or why' })
  quote(@Body() body: unknown, @Req() request: QuoteRequest): QuoteAnswer {
    const { rawBody } = request;
    if (rawBody === undefined || rawBody.length === 0) throw unread(request);
    return this.desk.quote(body, rawBody.toString('utf8'));
  }
}

type QuoteRequest = Readonly<{
  rawBody?: Buffer;
  headers: Readonly<Record<string, string | undefined>>;
}>;

// The parser leaves alone what does not say that it is JSON, and what is empty.
const unread = ({ headers }: QuoteRequest): Problem => {
  const mediaType = headers['content-type'];
  const isJson = mediaType === undefined || /^application\/json\b/i.test(mediaType);
  return isJson
    ? new Problem({
        status: 400,
        type: 'request-malformed',
        title: 'The request cannot be read',
        detail: 'the body is empty',
      })
    : new Problem({
        status: 415,
        type: 'media-type-unsupported',
        title: 'The media type is not supported',
        detail: `expected application/json, found ${mediaType}`,
      });
};
