import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Registry } from 'prom-client';
import { Public } from './authentication';

export type ReadinessCheck = Readonly<{
  name: string;
  check: () => true | string;
  /**
   * Once it held, a failure is told and does not make the service unready: what comes over HTTP and
   * OCPP is answered from what is known, and goes to the log when Kafka is back.
   */
  onlyAtStart?: true;
  /** Told and no more: the service does its work without it, at the start as well. */
  onlyTold?: true;
}>;

/** Health and metrics: what Kubernetes and Prometheus ask, without a token. */
export const operationsController = (
  checks: readonly ReadinessCheck[],
  metrics: Registry,
): new () => object => {
  const held = new Set<string>();
  const look = (): { name: string; result: true | string; stops: boolean }[] =>
    checks.map(({ name, check, onlyAtStart, onlyTold }) => {
      const result = check();
      if (result === true) held.add(name);
      const isNeeded = !onlyTold && !(onlyAtStart && held.has(name));
      return { name, result, stops: result !== true && isNeeded };
    });

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
      const results = look();
      const ready = !results.some(({ stops }) => stops);
      const degraded = results.filter(({ result, stops }) => result !== true && !stops);
      response.status(ready ? 200 : 503);
      return {
        status: ready ? 'ok' : 'not ready',
        // What it works without, while it has to.
        degraded: degraded.map(({ name }) => name),
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
