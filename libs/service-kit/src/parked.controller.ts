import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { EventLog, ParkedRecord } from '@tallywatt/event-log';
import { z } from 'zod';
import { Caller, Roles, type CallerIdentity } from './authentication';
import { Problem } from './problem';
import { jsonSchemaOf, validated } from './request-schema';

const placeSchema = z.strictObject({
  consumer: z.string().min(1),
  topic: z.string().min(1),
  key: z.string(),
});

type Place = z.infer<typeof placeSchema>;

/** What the log's consumers could not take, for the operator of the CPO it belongs to. */
export const parkedController = (
  eventLog: Pick<EventLog, 'listParked' | 'replayParked'>,
  defaultCpoId: string,
): new () => object => {
  // A key that is no stream's names no CPO: it is shown to the operator of the platform's own.
  const isOf = ({ cpoId }: CallerIdentity, key: string): boolean =>
    key.startsWith(`${cpoId}/`) || (cpoId === defaultCpoId && !key.includes('/'));

  const listOf = async (caller: CallerIdentity): Promise<ParkedRecord[]> =>
    (await eventLog.listParked()).filter(({ key }) => isOf(caller, key));

  @ApiTags('parked records')
  @Controller('v1/parked')
  class ParkedController {
    @Get()
    @Roles('operator')
    @ApiOperation({ summary: 'Lists the records that wait for an operator, with their reasons' })
    async list(@Caller() caller: CallerIdentity): Promise<{ items: ParkedRecord[]; next: null }> {
      return { items: await listOf(caller), next: null };
    }

    @Post('replay')
    @HttpCode(200)
    @Roles('operator')
    @ApiOperation({ summary: 'Hands a parked key to its consumer again: all of it or nothing' })
    @ApiBody({ schema: jsonSchemaOf(placeSchema) })
    @ApiResponse({ status: 404, description: 'Nothing of that key is parked' })
    @ApiResponse({ status: 409, description: 'It failed again; the key stays parked' })
    async replay(
      @Caller() caller: CallerIdentity,
      @Body(validated(placeSchema)) place: Place,
    ): Promise<{ replayed: number }> {
      const isParked = (await listOf(caller)).some(
        ({ consumer, topic, key }) =>
          consumer === place.consumer && topic === place.topic && key === place.key,
      );
      if (!isParked) {
        throw new Problem({
          status: 404,
          type: 'nothing-parked',
          title: 'Nothing of that key is parked',
          detail: `consumer ${place.consumer}, topic ${place.topic}, key ${place.key}`,
        });
      }
      try {
        return await eventLog.replayParked(place);
      } catch (error) {
        throw new Problem({
          status: 409,
          type: 'replay-failed',
          title: 'The key stays parked',
          detail: (error as Error).message,
        });
      }
    }
  }
  return ParkedController;
};
