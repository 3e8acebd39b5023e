import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Registry } from 'prom-client';
import { Public } from './authentication';

export type ReadinessCheck = Readonly<{ name: string; check: () => true | string }>;

/** Health and metrics: what Kubernetes and Prometheus ask, without a token. */
export const operationsController = (
  checks: readonly ReadinessCheck[],
  metrics: Registry,
): new () => object => {
  @ApiExcludeController()
  @Controller()
  class OperationsController {
    @Public()
    @Get('health/live')
    live(): object {
      return { status: 'ok' };
    }

    @Public()
    @Get('health/ready')
    ready(@Res({ passthrough: true }) response: Response): object {
      const results = checks.map(({ name, check }) => ({ name, result: check() }));
      const ready = results.every(({ result }) => result === true);
      response.status(ready ? 200 : 503);
      return {
        status: ready ? 'ok' : 'not ready',
        checks: Object.fromEntries(
          results.map(({ name, result }) => [name, result === true ? 'ok' : result]),
        ),
      };
    }

    @Public()
    @Get('metrics')
    @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    async metrics(): Promise<string> {
      return metrics.metrics();
    }
  }
  return OperationsController;
};
