import { Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { JournalRootSigned } from '@tallywatt/contracts';
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
import { JournalReader } from '../outbound/journal-reader';
import type { RootSigner } from '../outbound/root-signer';

/** What stands for the signer of roots. */
export const rootSigner = Symbol('root signer');

type RootView = Omit<JournalRootSigned, 'type'>;

const viewOf = ({ type: _, ...root }: JournalRootSigned): RootView => root;

// Years as PostgreSQL knows them; a cursor made by hand is answered with an empty page.
const daySchema = z.iso.date();

@ApiTags('journal roots')
@Controller('v1/journal-roots')
export class RootsController {
  constructor(
    @Inject(JournalReader) private readonly journal: JournalReader,
    @Inject(rootSigner) private readonly signer: RootSigner,
  ) {}

  @Get()
  @Roles('finance', 'operator')
  @ApiOperation({ summary: 'The signed roots of the book, oldest day first' })
  @ApiPage()
  async list(
    @Caller() caller: CallerIdentity,
    @Query(validated(pageQuerySchema)) query: z.infer<typeof pageQuerySchema>,
  ): Promise<Page<RootView>> {
    const after = decodeCursor(query.cursor, 1)?.[0];
    if (after !== undefined && !daySchema.safeParse(after).success)
      return { items: [], next: null };
    const rows = await this.journal.roots(caller.cpoId, after, query.limit + 1);
    return pageOf(rows, query.limit, viewOf, ({ day }) => [day]);
  }

  @Post()
  @HttpCode(200)
  @Roles('operator')
  @ApiOperation({ summary: 'Sign every complete day that has no root yet, now' })
  async sign(@Caller() caller: CallerIdentity): Promise<Readonly<{ signed: RootView[] }>> {
    const signed = await this.signer.signRoots(new Date().toISOString(), caller.cpoId);
    return { signed: signed.map(viewOf) };
  }
}
