import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  Caller,
  type CallerIdentity,
  decodeCursor,
  jsonSchemaOf,
  type Page,
  pageOf,
  pageQuerySchema,
  Problem,
  Roles,
  validated,
} from '@tallywatt/service-kit';
import { instantFromEpochMs, type Instant } from '@tallywatt/time';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ChargerCommand } from '../domain/charger-command';
import { findChargePoint } from '../outbound/charge-point-registry';
import type { RequestOutcome } from '../outbound/charger-commands';
import { type CommandView, findCommand, listCommands, presenceOf } from '../outbound/command-views';
import { type ApiParts, apiParts } from './api-parts';
import { checkedCommand } from './command-call';
import { parameterFault, prepareCommand } from './command-preparation';
import { type CommandRequest, commandSchema } from './command-schema';
import { protocols } from './protocols';

const cursorSchema = z
  .string()
  .regex(/^\d{1,18}$/, 'is not a cursor of this list')
  .optional();

@ApiTags('commands')
@Controller('v1/charge-points/:id/commands')
export class CommandsController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Post()
  @HttpCode(202)
  @Roles('operator')
  @ApiOperation({
    summary: 'Tell the charger to do something',
    description:
      'Recorded, then sent once by the process that the charger is connected to. A `commandId` of ' +
      'the caller’s makes the request repeatable. With `waitForCharger` a charger that is away gets ' +
      'it when it comes within 24 hours; a reservation before it is over, RemoteStart and ' +
      'ConnectorUnlock within 5 minutes.',
  })
  @ApiBody({ schema: jsonSchemaOf(commandSchema) })
  @ApiResponse({ status: 202, description: 'recorded, or was recorded before' })
  @ApiResponse({ status: 404, description: 'not registered' })
  @ApiResponse({ status: 409, description: 'the charger is away, or the id is another command’s' })
  @ApiResponse({ status: 422, description: 'every fault, by JSON path' })
  async request(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') chargePointId: string,
    @Body(validated(commandSchema)) body: CommandRequest,
  ): Promise<CommandView> {
    const { commits, commands, commandExecutor, sql, tokenMark } = this.parts;
    const { commandId = randomUUID(), waitForCharger: waitsForCharger, ...said } = body;
    const now = instantFromEpochMs(Date.now());
    const asked = JSON.stringify([said.command, said.parameters]);
    const named = { cpoId, chargePointId, commandId, asked };
    let outcome: RequestOutcome | undefined = await commands.recall(sql, named);
    // What was taken before is taken, whatever has become of charger and token since.
    if (outcome === undefined) {
      const command = await this.admit(cpoId, chargePointId, body, now);
      const mark = 'token' in command ? { tokenMark: tokenMark(cpoId, command.token) } : {};
      const wish = { ...named, command, requestedBy: subject, waitsForCharger, ...mark };
      outcome = await commits.submit((tx) => commands.request(tx, wish, now));
      commandExecutor.soon();
    }
    if (outcome === 'differs') {
      throw new Problem({
        status: 409,
        type: 'command-differs',
        title: 'The command id was used for something else',
        detail: `command ${commandId} is another one`,
      });
    }
    return this.get({ cpoId }, chargePointId, commandId);
  }

  @Get()
  @Roles('operator')
  @ApiOperation({ summary: 'Commands to a charger, newest first' })
  @ApiPage()
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Param('id') chargePointId: string,
    @Query(validated(pageQuerySchema)) { cursor, limit }: z.infer<typeof pageQuerySchema>,
  ): Promise<Page<CommandView>> {
    const [place] = decodeCursor(cursor, 1) ?? [];
    const before = validated(cursorSchema).transform(place, { type: 'query' });
    const rows = await listCommands(this.parts.sql, cpoId, chargePointId, before, limit);
    return pageOf(
      rows,
      limit,
      ({ view }) => view,
      ({ ordinal }) => [ordinal],
    );
  }

  @Get(':commandId')
  @Roles('operator')
  @ApiOperation({ summary: 'One command, and how it ended' })
  @ApiResponse({ status: 404, description: 'the charge point has no such command' })
  async get(
    @Caller() { cpoId }: Pick<CallerIdentity, 'cpoId'>,
    @Param('id') chargePointId: string,
    @Param('commandId') commandId: string,
  ): Promise<CommandView> {
    const command = z.uuid().safeParse(commandId).success
      ? await findCommand(this.parts.sql, cpoId, chargePointId, commandId)
      : undefined;
    if (command !== undefined) return command;
    throw new Problem({
      status: 404,
      type: 'command-unknown',
      title: 'There is no such command',
      detail: `charge point ${chargePointId} has no command ${commandId.slice(0, 60)}`,
    });
  }

  /** @throws Problem when it is known now that the charger will not be told. */
  private async admit(
    cpoId: string,
    chargePointId: string,
    body: CommandRequest,
    now: Instant,
  ): Promise<ChargerCommand> {
    const { sql, connections } = this.parts;
    const point = await findChargePoint(sql, cpoId, chargePointId);
    if (point === undefined) {
      throw new Problem({
        status: 404,
        type: 'charge-point-unknown',
        title: 'There is no such charge point',
        detail: `charge point ${chargePointId} is not registered`,
      });
    }
    // One of this process may be here a moment before its row is.
    const presence =
      connections.find({ cpoId, chargePointId }) ?? (await presenceOf(sql, cpoId, chargePointId));
    if (presence === undefined && !body.waitForCharger) {
      throw new Problem({
        status: 409,
        type: 'charger-away',
        title: 'The charger is not connected',
        detail: `charge point ${chargePointId} is not connected; waitForCharger sends it later`,
      });
    }
    const command = await prepareCommand(body, point, this.parts, now);
    const protocol = Object.values(protocols).find(
      ({ version }) => version === presence?.ocppVersion,
    );
    const encoded = protocol === undefined ? undefined : checkedCommand(protocol, command);
    if (encoded?.kind === 'unsayable') throw parameterFault('', encoded.detail);
    return command;
  }
}
