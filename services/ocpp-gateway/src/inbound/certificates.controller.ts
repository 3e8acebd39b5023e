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
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { findCredential } from '../outbound/charge-point-registry';
import { type CertificateView, listCertificates } from '../outbound/certificate-views';
import { type ApiParts, apiParts } from './api-parts';

const renewalSchema = z.strictObject({ commandId: z.uuid().toLowerCase().optional() });

@ApiTags('charge points')
@Controller('v1/charge-points/:id/certificates')
export class CertificatesController {
  constructor(@Inject(apiParts) private readonly parts: ApiParts) {}

  @Get()
  @Roles('operator')
  @ApiOperation({ summary: 'Certificates that were signed for a charger, the latest first' })
  @ApiResponse({ status: 404, description: 'not registered' })
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Param('id') chargePointId: string,
  ): Promise<{ items: readonly CertificateView[] }> {
    await this.registered(cpoId, chargePointId);
    return { items: await listCertificates(this.parts.sql, { cpoId, chargePointId }) };
  }

  @Post('renewal')
  @HttpCode(202)
  @Roles('operator')
  @ApiOperation({
    summary: 'Have the charger ask for a new certificate',
    description:
      'It makes a new key and asks for a certificate of it (SignCertificate), which is signed and ' +
      'brought to it. The certificate that it has stays valid until it has come with the new one. ' +
      'A charger that is away is told when it comes within 24 hours.',
  })
  @ApiBody({ schema: jsonSchemaOf(renewalSchema) })
  @ApiResponse({ status: 202, description: 'recorded as a command' })
  @ApiResponse({ status: 404, description: 'not registered' })
  @ApiResponse({ status: 409, description: 'the id is another command’s' })
  async renew(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') chargePointId: string,
    @Body(validated(renewalSchema)) { commandId = randomUUID() }: z.infer<typeof renewalSchema>,
  ): Promise<{ commandId: string }> {
    await this.registered(cpoId, chargePointId);
    const { commits, commands, commandExecutor } = this.parts;
    const command = { type: 'MessageTrigger', message: 'SignChargingStationCertificate' } as const;
    const { type, ...parameters } = command;
    const wish = {
      cpoId,
      chargePointId,
      commandId,
      command,
      asked: JSON.stringify([type, parameters]),
      requestedBy: subject,
      waitsForCharger: true,
    };
    const now = instantFromEpochMs(Date.now());
    const outcome = await commits.submit((tx) => commands.request(tx, wish, now));
    if (outcome === 'differs') {
      throw new Problem({
        status: 409,
        type: 'command-differs',
        title: 'The command id was used for something else',
        detail: `command ${commandId} is another one`,
      });
    }
    commandExecutor.soon();
    return { commandId };
  }

  private async registered(cpoId: string, id: string): Promise<void> {
    if ((await findCredential(this.parts.sql, cpoId, id)) !== undefined) return;
    throw new Problem({
      status: 404,
      type: 'charge-point-unknown',
      title: 'There is no such charge point',
      detail: `charge point ${id} is not registered`,
    });
  }
}
