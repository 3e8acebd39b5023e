import 'reflect-metadata';
import type { Response } from 'express';
import { Registry } from 'prom-client';
import { operationsController, type ReadinessCheck } from './operations.controller';

const stageOf = (check: () => true | string, how: Partial<ReadinessCheck> = {}) => {
  const Controller = operationsController([{ name: 'x', check, ...how }], new Registry());
  const controller = new Controller() as {
    ready(response: Response): { checks: object; degraded: string[] };
  };
  return (): [number, unknown, ...string[]] => {
    let status = 0;
    const response = { status: (code: number) => (status = code) } as unknown as Response;
    const { checks, degraded } = controller.ready(response);
    return [status, checks, ...degraded];
  };
};

describe('readiness', () => {
  it('is lost and found again with what it rests on', () => {
    let state: true | string = 'warming up';
    const ask = stageOf(() => state);
    expect(ask()).toEqual([503, { x: 'warming up' }]);
    state = true;
    expect(ask()).toEqual([200, { x: 'ok' }]);
    state = 'gone';
    expect(ask()).toEqual([503, { x: 'gone' }]);
  });

  it('is not lost, but tells, when what counts at the start only goes away later', () => {
    let state: true | string = 'no partitions yet';
    const ask = stageOf(() => state, { onlyAtStart: true });
    expect(ask()).toEqual([503, { x: 'no partitions yet' }]);
    state = true;
    expect(ask()).toEqual([200, { x: 'ok' }]);
    state = 'Kafka is away';
    expect(ask()).toEqual([200, { x: 'Kafka is away' }, 'x']);
  });

  it('does not wait for what is only told', () => {
    let state: true | string = 'not reached yet';
    const ask = stageOf(() => state, { onlyTold: true });
    expect(ask()).toEqual([200, { x: 'not reached yet' }, 'x']);
    state = true;
    expect(ask()).toEqual([200, { x: 'ok' }]);
  });
});
