import {
  Body,
  Controller,
  Get,
  HttpStatus,
  Inject,
  Param,
  Post,
  Query,
  Res,
  type PipeTransform,
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
import { instantFromEpochMs, normalizeInstant } from '@tallywatt/time';
import { validate as isUuid } from 'uuid';
import type { z } from 'zod';
import { TokenDesk } from './token-desk';
import { tokenRequestSchema, type TokensRequest } from './token-request';

/** Resolves lazily, because the tiers come from the environment and decorators run before it. */
export const tokensRequest = Symbol('tokens request');

const bodySchema = jsonSchemaOf(tokenRequestSchema(new Map()));

/** Tokens: who may charge. */
@ApiTags('tokens')
@Controller('v1/tokens')
export class TokensController {
  constructor(
    @Inject(TokenDesk) private readonly desk: TokenDesk,
    @Inject(tokensRequest) private readonly request: PipeTransform<unknown, TokensRequest>,
  ) {}

  @Post()
  @Roles('operator')
  @ApiOperation({ summary: 'States a token, or a list of tokens, as they shall be from now on' })
  @ApiBody({ schema: { oneOf: [bodySchema, { type: 'array', items: bodySchema }] } })
  @ApiResponse({ status: 201, description: 'Registered; a list with at least one new token' })
  @ApiResponse({ status: 200, description: 'Known before; its facts are now as stated' })
  @ApiResponse({ status: 409, description: 'A token is in use and of another network' })
  @ApiResponse({ status: 422, description: 'Every fault of the request, by JSON path' })
  async register(
    @Caller() caller: CallerIdentity,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: { status: (code: number) => unknown },
  ): Promise<object> {
    const { isList, tokens } = this.request.transform(body, {
      type: 'body',
    });
    const now = instantFromEpochMs(Date.now());
    const registered = await this.desk.register(caller.cpoId, tokens, now);
    const isNew = registered.some(({ outcome }) => outcome === 'created');
    response.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    return isList ? { items: registered } : (registered[0] as object);
  }

  @Get()
  @Roles('operator')
  @ApiOperation({ summary: 'Tokens in the order they were issued' })
  @ApiPage()
  async list(
    @Caller() caller: CallerIdentity,
    @Query(validated(pageQuerySchema)) query: z.infer<typeof pageQuerySchema>,
  ): Promise<object> {
    const key = decodeCursor(query.cursor, 2);
    const found = await this.desk.tokens(caller.cpoId, placeOf(key), query.limit + 1);
    return pageOf(
      found,
      query.limit,
      (token) => token,
      ({ issuedAt, tokenRef }) => [issuedAt, tokenRef],
    );
  }

  @Get(':tokenRef')
  @Roles('operator')
  @ApiOperation({ summary: 'One token by its reference' })
  @ApiParam({ name: 'tokenRef' })
  @ApiResponse({ status: 404, description: 'No token of this CPO has the reference' })
  async one(
    @Caller() caller: CallerIdentity,
    @Param('tokenRef') tokenRef: string,
  ): Promise<object> {
    const token = isUuid(tokenRef) ? await this.desk.token(caller.cpoId, tokenRef) : undefined;
    if (token === undefined) {
      throw new Problem({
        status: 404,
        type: 'token-unknown',
        title: 'There is no such token',
        detail: 'no token of this CPO has the reference in the path',
      });
    }
    return token;
  }
}

const placeOf = (
  key: string[] | undefined,
): Readonly<{ issuedAt: string; tokenRef: string }> | undefined => {
  if (key === undefined) return undefined;
  const [issuedAt = '', tokenRef = ''] = key;
  try {
    if (isUuid(tokenRef)) return { issuedAt: normalizeInstant(issuedAt), tokenRef };
  } catch {
    // Said below.
  }
  throw new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: '$.cursor: is not a cursor of this list',
    faults: [{ path: '$.cursor', message: 'is not a cursor of this list' }],
  });
};
