import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  Caller,
  type CallerIdentity,
  decodeCursor,
  jsonSchemaOf,
  type Page,
  pageOf,
  pageQuerySchema,
  Roles,
  validated,
} from '@tallywatt/service-kit';
import { z } from 'zod';
import { stationMark } from '../outbound/frame-sealing';
import {
  listFrames,
  openedFrames,
  recordDisclosure,
  type ShownFrames,
} from '../outbound/frame-views';
import { type ApiParts, apiParts } from './api-parts';

const instant = z.iso.datetime({ offset: true });
// Texts with NUL are no names, and no database keeps them.
const name = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[^\0]*$/);
const querySchema = pageQuerySchema.extend({
  connectionId: z.uuid().optional(),
  from: instant.optional(),
  to: instant.optional(),
  decryptedFor: name(500).optional(),
});
/** Percent-encoded, as a header has no other letters than those of English. */
const reasonHeaderSchema = z
  .string()
  .transform((said, context) => {
    try {
      return decodeURIComponent(said);
    } catch {
      context.addIssue('is not percent-encoded UTF-8');
      return z.NEVER;
    }
  })
  .pipe(name(500))
  .optional();
const cursorSchema = z
  .string()
  .regex(/^\d{1,18}$/, 'is not a cursor of this list')
  .optional();
const erasureSchema = z.union([
  z.strictObject({ idToken: name(255) }),
  z.strictObject({
    chargePointId: name(48),
    before: instant.refine(
      (said) => Date.parse(said) <= Date.now(),
      'must not be later than now: nothing said from now on is erased',
    ),
  }),
]);

export type Erased = Readonly<{ keysErased: number }>;

@ApiTags('frames')
@Controller('v1')
export class FramesController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Get('charge-points/:id/frames')
  @Roles('operator')
  @ApiOperation({
    summary: 'What was said on the connections of a charge point, oldest first',
    description:
      'As stored: what is sensitive is encrypted. With a reason in the header `decrypted-for` it is ' +
      'shown as it was said, and who was shown it for what reason is written down. The same in the ' +
      'query, `decryptedFor`, is understood, and stands in access logs.',
  })
  @ApiQuery({ name: 'connectionId', required: false })
  @ApiQuery({ name: 'from', required: false, description: 'written down at or after (RFC 3339)' })
  @ApiQuery({ name: 'to', required: false, description: 'written down before (RFC 3339)' })
  @ApiHeader({ name: 'decrypted-for', required: false, description: 'why, percent-encoded' })
  @ApiQuery({ name: 'decryptedFor', required: false, deprecated: true })
  @ApiPage()
  async list(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') id: string,
    @Query(validated(querySchema)) query: z.infer<typeof querySchema>,
    @Headers('decrypted-for') said: string | undefined,
  ): Promise<Page<ShownFrames>> {
    const { sql, frameKeys } = this.parts;
    const [cursor] = decodeCursor(query.cursor, 1) ?? [];
    const after = validated(cursorSchema).transform(cursor, { type: 'query' });
    const { connectionId, from, to, limit } = query;
    const reason = validated(reasonHeaderSchema).transform(said, { type: 'custom' });
    const decryptedFor = reason ?? query.decryptedFor;
    const station = { cpoId, chargePointId: id.replaceAll('\0', '') };
    let shown = await listFrames(sql, station, { connectionId, from, to, after }, limit);
    if (decryptedFor !== undefined) {
      await recordDisclosure(sql, station, shown.slice(0, limit), subject, decryptedFor);
      shown = await openedFrames(sql, cpoId, frameKeys, shown);
    }
    return pageOf(
      shown,
      limit,
      (one) => one,
      ({ sequence }) => [sequence],
    );
  }

  @Post('frames/erasures')
  @HttpCode(200)
  @Roles('operator')
  @ApiOperation({
    summary:
      'Make unreadable for good what frames say of a token, or vendors’ data of a charge point',
    description:
      'The keys are destroyed; frames and their chains stay. Of a charge point: DataTransfer, ' +
      'customData, certificates and frames that could not be read, encrypted on days before `before`.',
  })
  @ApiBody({ schema: jsonSchemaOf(erasureSchema) })
  @ApiResponse({ status: 200, description: 'how many keys there were' })
  async erase(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Body(validated(erasureSchema)) body: z.infer<typeof erasureSchema>,
  ): Promise<Erased> {
    const { frameErasures, tokenMark } = this.parts;
    const isToken = 'idToken' in body;
    const { chargePointId } = isToken ? { chargePointId: '' } : body;
    const owner = {
      cpoId,
      ownerMark: isToken
        ? tokenMark(cpoId, body.idToken)
        : stationMark(tokenMark, { cpoId, chargePointId }),
      madeBefore: isToken ? new Date() : new Date(body.before),
    };
    return { keysErased: await frameErasures.erase(owner, subject) };
  }
}
