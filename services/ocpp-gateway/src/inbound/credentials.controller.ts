import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  Caller,
  type CallerIdentity,
  jsonSchemaOf,
  Problem,
  Roles,
  validated,
} from '@tallywatt/service-kit';
import { instantFromEpochMs } from '@tallywatt/time';
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { findCredential } from '../outbound/charge-point-registry';
import { listRotations, type RotationView } from '../outbound/credential-rotations';
import { hashPassword } from '../outbound/password-hash';
import { type ApiParts, apiParts } from './api-parts';

/**
 * Hexadecimal, so that it is the same to chargers that take AuthorizationKey of 1.6 for the password
 * itself and to those that take it for the bytes of it.
 */
const rotationSchema = z.strictObject({
  password: z
    .string()
    .regex(/^(?:[0-9a-f]{2}){16,20}$/, 'must be 16 to 20 bytes in lower-case hexadecimal')
    .optional(),
});

const generatedBytes = 20;

@ApiTags('charge points')
@Controller('v1/charge-points/:id/credentials/rotation')
export class CredentialsController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Post()
  @HttpCode(202)
  @Roles('operator')
  @ApiOperation({
    summary: 'Give the charger a new password',
    description:
      'Sent over OCPP as soon as the charger is connected. The old password stays valid until the ' +
      'charger has connected with the new one. Without a password a random one is made, which ' +
      'nobody is told but the charger.',
  })
  @ApiBody({ schema: jsonSchemaOf(rotationSchema) })
  @ApiResponse({ status: 202, description: 'recorded; `GET` says how it goes on' })
  @ApiResponse({ status: 404, description: 'not registered' })
  @ApiResponse({ status: 409, description: 'it has no password, or three are under way' })
  async rotate(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') chargePointId: string,
    @Body(validated(rotationSchema)) body: z.infer<typeof rotationSchema>,
  ): Promise<RotationView> {
    const { sql, commits, rotations } = this.parts;
    const credential = await findCredential(sql, cpoId, chargePointId);
    if (credential === undefined) throw unknown(chargePointId);
    if (credential.passwordHash === undefined) {
      throw conflict(`charge point ${chargePointId} is registered without a password`);
    }
    const password = body.password ?? randomBytes(generatedBytes).toString('hex');
    const rotationId = randomUUID();
    const requestedAt = instantFromEpochMs(Date.now());
    const wish = {
      cpoId,
      chargePointId,
      rotationId,
      password,
      passwordHash: await hashPassword(Buffer.from(password)),
      requestedBy: subject,
    };
    if (!(await commits.submit((tx) => rotations.request(tx, wish, requestedAt)))) {
      throw conflict('three new passwords are on their way already');
    }
    return { rotationId, status: 'waiting', requestedBy: subject, requestedAt };
  }

  @Get()
  @Roles('operator')
  @ApiOperation({ summary: 'New passwords of a charge point, the latest first' })
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Param('id') chargePointId: string,
  ): Promise<{ items: readonly RotationView[] }> {
    const { sql } = this.parts;
    if ((await findCredential(sql, cpoId, chargePointId)) === undefined) {
      throw unknown(chargePointId);
    }
    return { items: await listRotations(sql, { cpoId, chargePointId }) };
  }
}

const unknown = (id: string): Problem =>
  new Problem({
    status: 404,
    type: 'charge-point-unknown',
    title: 'There is no such charge point',
    detail: `charge point ${id} is not registered`,
  });

const conflict = (detail: string): Problem =>
  new Problem({
    status: 409,
    type: 'rotation-impossible',
    title: 'The password cannot be rotated',
    detail,
  });
