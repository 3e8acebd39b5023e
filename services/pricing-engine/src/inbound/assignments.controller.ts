import {
  Body,
  Controller,
  Delete,
  Get,
  HttpStatus,
  Inject,
  Param,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
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
  type Page,
} from '@tallywatt/service-kit';
import { explainStartTariff, type SessionStart, type TariffCandidate } from '@tallywatt/tariffs';
import { instantFromEpochMs } from '@tallywatt/time';
import type { Pool } from 'pg';
import type { z } from 'zod';
import { standing, type AssignmentState } from '../domain/tariff-assignment';
import { verdictSentences } from '../domain/verdict-sentences';
import { findAssignment, listAssignments } from '../outbound/assignment-table';
import { loadTariffOffer } from '../outbound/tariff-offer';
import { AssignmentDesk } from './assignment-desk';
import {
  assignmentSchema,
  decodeAssignment,
  previewSchema,
  type AssignmentRequest,
  type PreviewRequest,
} from './assignment-request';
import { database } from './database';

/** Where, for whom and when tariffs hold (docs/tariff-assignment.md). */
@ApiTags('tariff assignments')
@Controller('v1/tariff-assignments')
export class AssignmentsController {
  constructor(
    @Inject(AssignmentDesk) private readonly desk: AssignmentDesk,
    @Inject(database) private readonly db: Pool,
  ) {}

  @Put(':id')
  @Roles('operator')
  @ApiOperation({ summary: 'Assigns a tariff, as a new revision if it says something new' })
  @ApiParam({ name: 'id', description: 'Id of the assignment, given by its author' })
  @ApiBody({ schema: jsonSchemaOf(assignmentSchema) })
  @ApiResponse({ status: 201, description: 'Assigned, as a new revision' })
  @ApiResponse({ status: 200, description: 'The assignment says the same already' })
  @ApiResponse({ status: 422, description: 'Every fault by JSON path; a tariff never published' })
  async assign(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') assignmentId: string,
    @Body(validated(assignmentSchema)) body: AssignmentRequest,
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<object> {
    if (!isAssignmentId(assignmentId)) throw badId(assignmentId);
    const asked = { cpoId, assignmentId, by: subject };
    const { assigned, isNew, warnings } = await this.desk.assign(asked, decodeAssignment(body));
    response.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    return { ...shown({ assigned }), warnings };
  }

  @Get('preview')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Which tariff version would price a start, and why not the others' })
  @ApiQuery({ name: 'chargePointId' })
  @ApiQuery({ name: 'tariffId', description: "The charge point's own tariff" })
  @ApiQuery({ name: 'currency', description: 'Of the location' })
  @ApiQuery({ name: 'at', required: false, description: 'RFC 3339; left out: now' })
  @ApiQuery({ name: 'locationId', required: false })
  @ApiQuery({ name: 'timeZone', required: false })
  @ApiQuery({ name: 'siteGroups', required: false, isArray: true })
  @ApiQuery({ name: 'evseGroups', required: false, isArray: true })
  @ApiQuery({ name: 'driverGroups', required: false, isArray: true })
  @ApiResponse({ status: 200, description: 'Candidates in the order in which they are tried' })
  async preview(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(previewSchema)) query: PreviewRequest,
  ): Promise<object> {
    const start = startOf(query);
    const offer = await loadTariffOffer(this.db, cpoId, query.tariffId);
    const candidates = explainStartTariff(offer, start).map(shownCandidate);
    const { at, driverGroups } = start;
    const chosen = candidates.find(({ verdict }) => verdict === 'prices-the-start') ?? null;
    return { at, driverGroups, chosen, candidates };
  }

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Lists the assignments that stand, by id' })
  @ApiPage()
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(pageQuerySchema)) { limit, cursor }: z.infer<typeof pageQuerySchema>,
  ): Promise<Page<object>> {
    const [afterId = ''] = decodeCursor(cursor, 1) ?? [];
    const states = await listAssignments(this.db, cpoId, afterId, limit + 1);
    return pageOf(states, limit, shown, ({ assigned }) => [assigned?.assignmentId ?? '']);
  }

  @Get(':id')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Shows an assignment, also one that has ended' })
  @ApiResponse({ status: 404, description: 'No such assignment' })
  async one(@Caller() { cpoId }: CallerIdentity, @Param('id') id: string): Promise<object> {
    const state = isAssignmentId(id) ? await findAssignment(this.db, cpoId, id) : {};
    if (state.assigned === undefined) throw unknown(id);
    return shown(state);
  }

  @Delete(':id')
  @Roles('operator')
  @ApiOperation({ summary: 'Ends an assignment for all later starts' })
  @ApiResponse({ status: 200, description: 'Ended, now or before' })
  @ApiResponse({ status: 404, description: 'No such assignment' })
  async unassign(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') id: string,
  ): Promise<object> {
    const ended = isAssignmentId(id)
      ? await this.desk.unassign({ cpoId, assignmentId: id, by: subject })
      : undefined;
    if (ended === undefined) throw unknown(id);
    return shown(ended);
  }
}

/** `preview` is an address of its own. */
const isAssignmentId = (text: string): boolean =>
  /^[A-Za-z0-9._:=+|@*-]{1,64}$/.test(text) && text !== 'preview';

const badId = (id: string): Problem =>
  new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: `${JSON.stringify(id)} is no id of an assignment: 1 to 64 letters, digits and ._:=+|@*-, not preview`,
  });

const unknown = (id: string): Problem =>
  new Problem({
    status: 404,
    type: 'assignment-unknown',
    title: 'There is no such assignment',
    detail: `tariff assignment ${id} was never made`,
  });

const shown = (state: AssignmentState): object => {
  const { assigned, unassigned } = state;
  if (assigned === undefined) throw new Error('an assignment without terms was asked for');
  const { type: _type, cpoId: _cpoId, assignmentId, tariffId, revision, ...terms } = assigned;
  if (standing(state) !== undefined || unassigned === undefined) {
    return { assignmentId, tariffId, status: 'assigned', revision, ...terms };
  }
  const { unassignedAt, unassignedBy, revision: lastRevision } = unassigned;
  return {
    assignmentId,
    tariffId,
    status: 'unassigned',
    revision: lastRevision,
    ...terms,
    unassignedAt,
    unassignedBy,
  };
};

const startOf = (query: PreviewRequest): SessionStart => {
  const { chargePointId, siteGroups, evseGroups, driverGroups, currency } = query;
  return {
    at: query.at ?? instantFromEpochMs(Date.now()),
    chargePointId,
    siteGroups,
    evseGroups,
    // Whoever is no member, nor anything else that is said, is a guest at retail.
    driverGroups: driverGroups.length === 0 ? ['tier:retail'] : driverGroups,
    currency,
    ...(query.locationId === undefined ? {} : { locationId: query.locationId }),
    ...(query.timeZone === undefined ? {} : { timeZone: query.timeZone }),
  };
};

const shownCandidate = ({ tariffId, assignment, reference, verdict }: TariffCandidate) => ({
  tariffId,
  version: reference?.version ?? null,
  contentHash: reference?.contentHash ?? null,
  assignmentId: assignment?.assignmentId ?? null,
  assignmentRevision: assignment?.revision ?? null,
  priority: assignment?.priority ?? null,
  verdict,
  explanation: verdictSentences[verdict],
});
