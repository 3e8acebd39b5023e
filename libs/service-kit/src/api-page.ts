import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';

/** Describes the query of a list: `limit` and `cursor`, as `pageQuerySchema` reads them. */
export const ApiPage = (): MethodDecorator =>
  applyDecorators(
    ApiQuery({ name: 'limit', required: false, description: '1 to 500; left out: 50' }),
    ApiQuery({ name: 'cursor', required: false, description: '`next` of the page before' }),
  );
