import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
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
import { parseInstant } from '@tallywatt/time';
import { z } from 'zod';
import type { JournalEntryView } from '../outbound/journal-queries';
import { JournalReader } from '../outbound/journal-reader';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const entriesQuery = pageQuerySchema
  .extend({
    sessionId: z.string().min(1).max(200).optional(),
    documentId: z.string().min(1).max(200).optional(),
    account: z.string().min(1).max(200).optional(),
  })
  .strict();

/** The place after which a page begins. @throws Problem 422 when the cursor is none of ours. */
const placeOf = (cursor: string | undefined) => {
  const key = decodeCursor(cursor, 2);
  if (key === undefined) return undefined;
  const [bookedAt = '', entryId = ''] = key;
  try {
    parseInstant(bookedAt);
    if (uuid.test(entryId)) return { bookedAt, entryId };
  } catch {
    // Made by hand: answered below.
  }
  throw new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: '$.cursor: is not a cursor of this list',
    faults: [{ path: '$.cursor', message: 'is not a cursor of this list' }],
  });
};

@ApiTags('journal')
@Controller('v1/journal-entries')
export class JournalController {
  constructor(@Inject(JournalReader) private readonly journal: JournalReader) {}

  @Get()
  @Roles('finance', 'operator')
  @ApiOperation({ summary: 'Journal entries in the order of booking' })
  @ApiQuery({ name: 'sessionId', required: false })
  @ApiQuery({ name: 'documentId', required: false, description: 'CDR, movement, payout, ...' })
  @ApiQuery({ name: 'account', required: false, description: 'entries that touch this account' })
  @ApiPage()
  async list(
    @Caller() caller: CallerIdentity,
    @Query(validated(entriesQuery)) query: z.infer<typeof entriesQuery>,
  ): Promise<Page<JournalEntryView>> {
    const { limit, cursor, ...filter } = query;
    const rows = await this.journal.entries(caller.cpoId, filter, placeOf(cursor), limit + 1);
    return pageOf(
      rows,
      limit,
      (row) => row,
      ({ bookedAt, entryId }) => [bookedAt, entryId],
    );
  }

  @Get(':id')
  @Roles('finance', 'operator')
  @ApiOperation({ summary: 'One journal entry, with the place of its event in the log' })
  async one(@Caller() caller: CallerIdentity, @Param('id') id: string): Promise<JournalEntryView> {
    const entryId = id.toLowerCase();
    const entry = uuid.test(entryId) ? await this.journal.entry(caller.cpoId, entryId) : undefined;
    if (entry !== undefined) return entry;
    throw new Problem({
      status: 404,
      type: 'journal-entry-unknown',
      title: 'There is no such journal entry',
      detail: `no entry ${id} in the book of ${caller.cpoId}`,
    });
  }
}
