import { Body, Controller, Get, HttpStatus, Inject, Param, Put, Query, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
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
import { exportTariff, parseTariff } from '@tallywatt/tariffs';
import type { Pool } from 'pg';
import { z } from 'zod';
import { adjustmentOf, findVersion, listLatest, type TariffRow } from '../outbound/tariff-tables';
import { database } from './database';
import { TariffDesk, type Publication } from './tariff-desk';
import { isTariffId } from './tariff-reading';

const formQuerySchema = z.object({
  form: z.literal('ocpi', { error: 'must be ocpi, or left out' }).optional(),
});
type FormQuery = z.infer<typeof formQuerySchema>;

const formQuery = {
  name: 'form',
  required: false,
  enum: ['ocpi'],
  description:
    '`ocpi` leaves our extension out, as for a reader of plain OCPI; `flags` say what it misses',
};

const ocpiTariffSchema = {
  type: 'object',
  description: 'OCPI 2.2.1 Tariff; `tallywatt` is our extension (docs/tariff-extension.md)',
  required: ['currency', 'elements'],
  example: {
    currency: 'EUR',
    elements: [{ price_components: [{ type: 'ENERGY', price: 0.49, vat: 19, step_size: 1 }] }],
    tallywatt: { idle_grace_seconds: 600 },
  },
};

/** Tariffs as their CPO hands them in: OCPI 2.2.1, in versions that never change. */
@ApiTags('tariffs')
@Controller('v1/tariffs')
export class TariffsController {
  constructor(
    @Inject(TariffDesk) private readonly desk: TariffDesk,
    @Inject(database) private readonly db: Pool,
  ) {}

  @Put(':id')
  @Roles('operator')
  @ApiOperation({ summary: 'Publishes a tariff, as a new version if it says something new' })
  @ApiParam({ name: 'id', description: 'Id of the tariff; that in the body must be the same' })
  @ApiBody({ schema: ocpiTariffSchema })
  @ApiResponse({ status: 201, description: 'Published as a new version' })
  @ApiResponse({ status: 200, description: 'The latest version says the same already' })
  @ApiResponse({ status: 422, description: 'No tariff to price with: every fault by JSON path' })
  async publish(
    @Caller() caller: CallerIdentity,
    @Param('id') tariffId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<Omit<Publication, 'isNew'>> {
    const { isNew, version, contentHash, warnings } = await this.desk.publish(
      { cpoId: caller.cpoId, tariffId },
      body,
    );
    response.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    return { tariffId, version, contentHash, warnings };
  }

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Lists tariffs by id, each in its latest version' })
  @ApiPage()
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(pageQuerySchema)) { limit, cursor }: z.infer<typeof pageQuerySchema>,
  ): Promise<Page<object>> {
    const [afterId = ''] = decodeCursor(cursor, 1) ?? [];
    const rows = await listLatest(this.db, cpoId, afterId, limit + 1);
    return pageOf(rows, limit, tariffItem, (row) => [row.tariff_id]);
  }

  @Get(':id')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Shows the latest version of a tariff' })
  @ApiQuery(formQuery)
  @ApiResponse({ status: 404, description: 'No such tariff' })
  async latest(
    @Caller() { cpoId }: CallerIdentity,
    @Param('id') tariffId: string,
    @Query(validated(formQuerySchema)) { form }: FormQuery,
  ): Promise<object> {
    const row = isTariffId(tariffId) ? await findVersion(this.db, { cpoId, tariffId }) : undefined;
    return inForm(form, known(row, tariffId));
  }

  @Get(':id/versions/:version')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Shows one version of a tariff' })
  @ApiQuery(formQuery)
  @ApiResponse({ status: 404, description: 'No such version' })
  async version(
    @Caller() { cpoId }: CallerIdentity,
    @Param('id') tariffId: string,
    @Param('version') version: string,
    @Query(validated(formQuerySchema)) { form }: FormQuery,
  ): Promise<object> {
    const canExist = isTariffId(tariffId) && /^[1-9]\d{0,17}$/.test(version);
    const row = canExist
      ? await findVersion(this.db, { cpoId, tariffId }, BigInt(version))
      : undefined;
    return inForm(form, known(row, `${tariffId} version ${version}`));
  }
}

const known = (row: TariffRow | undefined, what: string): TariffRow => {
  if (row !== undefined) return row;
  throw new Problem({
    status: 404,
    type: 'tariff-unknown',
    title: 'There is no such tariff',
    detail: `tariff ${what} was never published`,
  });
};

const tariffItem = (row: TariffRow) => {
  const adjustedBy = adjustmentOf(row);
  return {
    tariffId: row.tariff_id,
    version: row.version,
    contentHash: row.content_hash,
    currency: row.currency,
    billsParkingTime: row.bills_parking_time,
    publishedAt: row.published_at,
    tariff: JSON.parse(row.ocpi_tariff_json) as unknown,
    ...(adjustedBy === undefined ? {} : { adjustedBy }),
  };
};

const inForm = (form: FormQuery['form'], row: TariffRow): object => {
  const item = tariffItem(row);
  if (form === undefined) return item;
  const parsed = parseTariff(item.tariff);
  if (!parsed.ok) {
    const found = parsed.faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new Error(`a published tariff cannot be read: ${found}`);
  }
  const { json, flags } = exportTariff(parsed.tariff, { extension: 'leave-out' });
  return { ...item, tariff: json, flags };
};
