import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { DayClosed } from '@tallywatt/contracts';
import type { EventLog, SqlClient } from '@tallywatt/event-log';
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
import { cursorOf, daySchema } from './list-query';
import { closedDays, closeDayOnce } from '../outbound/day-tables';

const dayQuery = pageQuerySchema.extend({ cursor: cursorOf(z.tuple([daySchema])) });

/** The close of day: on a timer, and here by hand. */
export const daysController = (eventLog: EventLog, sql: SqlClient): new () => object => {
  @ApiTags('days')
  @Controller('v1/days')
  class DaysController {
    @Roles('operator', 'finance')
    @ApiOperation({ summary: 'Closed days, newest first' })
    @ApiPage()
    @Get()
    async days(
      @Caller() caller: CallerIdentity,
      @Query(validated(dayQuery)) query: z.infer<typeof dayQuery>,
    ): Promise<Page<DayClosed>> {
      const days = await closedDays(sql, caller.cpoId, query.cursor?.[0], query.limit + 1);
      return pageOf(
        days,
        query.limit,
        (day) => day,
        ({ day }) => [day],
      );
    }

    @Roles('operator', 'finance')
    @HttpCode(200)
    @ApiOperation({ summary: 'Closes a day that is over; closing it again changes nothing' })
    @Post(':day/close')
    async close(
      @Caller() caller: CallerIdentity,
      @Param('day', validated(daySchema)) day: string,
    ): Promise<DayClosed> {
      const now = new Date().toISOString();
      if (day >= now.slice(0, 10)) {
        throw new Problem({
          status: 409,
          type: 'day-not-over',
          title: 'The day is not over',
          detail: `${day} ends at midnight UTC`,
        });
      }
      return closeDayOnce(eventLog, caller.cpoId, day, now);
    }
  }
  return DaysController;
};
