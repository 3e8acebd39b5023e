import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { SqlClient } from '@tallywatt/event-log';
import {
  ApiPage,
  Caller,
  pageOf,
  pageQuerySchema,
  Problem,
  Roles,
  validated,
  type CallerIdentity,
  type Page,
} from '@tallywatt/service-kit';
import { z } from 'zod';
import { cursorOf, instantKeySchema, sessionIdSchema } from './list-query';
import { findFindings, findingView, findSubjects, subjectView } from '../outbound/queries';

const subjectQuery = pageQuerySchema.extend({
  cursor: cursorOf(z.tuple([instantKeySchema, sessionIdSchema])),
  sessionId: sessionIdSchema.optional(),
  status: z.enum(['open', 'quarantined', 'reconciled', 'discrepant']).optional(),
});
const findingQuery = pageQuerySchema.extend({
  cursor: cursorOf(z.tuple([z.iso.datetime(), z.guid()])),
  sessionId: sessionIdSchema.optional(),
  status: z.enum(['open', 'resolved']).optional(),
});

/** What reconciliation can be asked about sessions and findings. */
export const subjectsController = (sql: SqlClient): new () => object => {
  @ApiTags('subjects')
  @Controller('v1')
  class SubjectsController {
    @Roles('operator', 'finance')
    @ApiOperation({ summary: 'Sessions with what every hop says of them, latest start first' })
    @ApiQuery({ name: 'sessionId', required: false })
    @ApiQuery({ name: 'status', required: false })
    @ApiPage()
    @Get('subjects')
    async subjects(
      @Caller() caller: CallerIdentity,
      @Query(validated(subjectQuery)) query: z.infer<typeof subjectQuery>,
    ): Promise<Page<unknown>> {
      const { limit, cursor, sessionId, status } = query;
      const filter = {
        ...(sessionId === undefined ? {} : { sessionId }),
        ...(status === undefined ? {} : { status }),
      };
      const rows = await findSubjects(sql, caller.cpoId, filter, cursor, limit + 1);
      return pageOf(rows, limit, subjectView, (row) => [row.started_text, row.session_id]);
    }

    @Roles('operator', 'finance')
    @ApiOperation({ summary: 'One session' })
    @Get('subjects/:sessionId')
    async subject(
      @Caller() caller: CallerIdentity,
      @Param('sessionId', validated(sessionIdSchema)) sessionId: string,
    ): Promise<unknown> {
      const [row] = await findSubjects(sql, caller.cpoId, { sessionId }, undefined, 1);
      if (row === undefined) {
        throw new Problem({
          status: 404,
          type: 'session-unknown',
          title: 'No hop has said anything of this session',
          detail: sessionId,
        });
      }
      return subjectView(row);
    }

    @Roles('operator', 'finance')
    @ApiOperation({ summary: 'What does not agree, newest first' })
    @ApiQuery({ name: 'sessionId', required: false })
    @ApiQuery({ name: 'status', required: false })
    @ApiPage()
    @Get('findings')
    async findings(
      @Caller() caller: CallerIdentity,
      @Query(validated(findingQuery)) query: z.infer<typeof findingQuery>,
    ): Promise<Page<unknown>> {
      const { limit, cursor, sessionId, status } = query;
      const filter = {
        ...(sessionId === undefined ? {} : { sessionId }),
        ...(status === undefined ? {} : { status }),
      };
      const rows = await findFindings(sql, caller.cpoId, filter, cursor, limit + 1);
      return pageOf(rows, limit, findingView, (row) => [
        row.found_at.toISOString(),
        row.finding_id,
      ]);
    }
  }
  return SubjectsController;
};
