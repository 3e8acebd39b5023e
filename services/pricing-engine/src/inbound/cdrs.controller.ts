import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  Caller,
  decodeCursor,
  pageOf,
  pageQuerySchema,
  Problem,
  Roles,
  validated,
  type CallerIdentity,
  type Page,
} from '@tallywatt/service-kit';
import type { Pool } from 'pg';
import { z } from 'zod';
import { findCdr, listCdrs, type CdrRow } from '../outbound/cdr-table';
import { database } from './database';
import { logPlace } from './log-place';

const cdrQuerySchema = pageQuerySchema.extend({
  sessionId: z.guid('must be the id of a session').optional(),
});

/** CDRs as they were issued, each with its place in the log. */
@ApiTags('cdrs')
@Controller('v1/cdrs')
export class CdrsController {
  constructor(@Inject(database) private readonly db: Pool) {}

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Lists CDRs in the order they were issued' })
  @ApiQuery({ name: 'sessionId', required: false })
  @ApiPage()
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(cdrQuerySchema)) query: z.infer<typeof cdrQuerySchema>,
  ): Promise<Page<object>> {
    const { limit, cursor, sessionId } = query;
    const after = placeOf(cursor);
    const rows = await listCdrs(this.db, cpoId, sessionId, after, limit + 1);
    return pageOf(rows, limit, cdrItem, (row) => [row.issued_at, row.cdr_id]);
  }

  @Get(':id')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Shows a CDR, every line explained' })
  @ApiParam({ name: 'id', description: 'Id of the CDR' })
  @ApiResponse({ status: 404, description: 'No such CDR' })
  async one(@Caller() { cpoId }: CallerIdentity, @Param('id') cdrId: string): Promise<object> {
    const isId = z.guid().safeParse(cdrId).success;
    const row = isId ? await findCdr(this.db, cpoId, cdrId) : undefined;
    if (row !== undefined) return cdrItem(row);
    throw new Problem({
      status: 404,
      type: 'cdr-unknown',
      title: 'There is no such CDR',
      detail: `${cdrId} is not the id of a CDR that was issued`,
    });
  }
}

/** The time of issue and the id of the last CDR seen. */
const placeOf = (cursor: string | undefined): readonly string[] | undefined => {
  const place = decodeCursor(cursor, 2);
  const isPlace = z.tuple([z.iso.datetime(), z.guid()]).safeParse(place).success;
  if (place === undefined || isPlace) return place;
  throw new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: '$.cursor: is not a cursor of this list',
    faults: [{ path: '$.cursor', message: 'is not a cursor of this list' }],
  });
};

const cdrItem = (row: CdrRow): object => ({
  ...(JSON.parse(row.value) as object),
  issuedAt: row.issued_at,
  log: logPlace(row),
});
