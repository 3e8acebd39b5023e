import { status } from '@grpc/grpc-js';
import { RpcException } from '@nestjs/microservices';
import type { EventLog } from '@tallywatt/event-log';
import type { Pool } from 'pg';
import { ChargingKnowledge } from '../outbound/charging-knowledge';
import { DecisionLog } from '../outbound/decision-log';
import { EntitlementCache } from '../outbound/entitlement-cache';
import { TariffCache } from '../outbound/tariff-cache';
import { TokenIndex } from '../outbound/token-index';
import { Vault } from '../outbound/vault';
import { VaultSeal } from '../outbound/vault-seal';
import { AuthorizeController } from './authorize.controller';

const message = {
  cpoId: 'north',
  chargePointId: 'CP-1',
  connectorId: 1,
  idTag: '04A1B2C3',
  at: { seconds: '1780315200' },
  tariffId: 'standard',
  currency: 'EUR',
  purpose: 'start',
};

const lostConnection = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** A controller before a log whose view is warm or not, and whose commits fail as told. */
const controllerOf = (warm: boolean, commitError: Error) => {
  const logged: unknown[] = [];
  const knowledge = new ChargingKnowledge(
    new TokenIndex(),
    new EntitlementCache(),
    new TariffCache(),
  );
  knowledge.follow(
    {
      view: ({ name }) => ({
        name,
        ready: Promise.resolve(),
        isReady: () => warm,
        lag: () => 0,
        brokenKeys: () => [],
        refused: () => undefined,
        stop: async () => undefined,
      }),
    },
    0,
  );
  const log: Pick<EventLog, 'append' | 'transaction'> = {
    append: async () => [],
    transaction: async () => {
      throw commitError;
    },
  };
  const pool = { query: async () => ({ rows: [{ reference: 'token-1' }], rowCount: 1 }) };
  const controller = new AuthorizeController(
    knowledge,
    new Vault(pool as unknown as Pool, new VaultSeal('a secret of more than 32 characters')),
    new DecisionLog(log),
    { holdMajorUnits: { unscaled: 50n, scale: 0 }, allowWithoutPaymentMethod: true },
    { info: (facts) => logged.push(facts), error: (facts) => logged.push(facts) },
  );
  return { controller, logged };
};

const refusalOf = async (controller: AuthorizeController): Promise<unknown> => {
  const error = await controller.authorize(message).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RpcException);
  return (error as RpcException).getError();
};

describe('a request that cannot be decided', () => {
  it('is UNAVAILABLE while the caches are cold', async () => {
    const { controller } = controllerOf(false, lostConnection);
    expect(await refusalOf(controller)).toEqual({
      code: status.UNAVAILABLE,
      message: 'the entitlement cache is not warm yet; ask again',
    });
  });

  it('is UNAVAILABLE while the database is away: nothing is answered that is not durable', async () => {
    const { controller, logged } = controllerOf(true, lostConnection);
    expect(await refusalOf(controller)).toMatchObject({ code: status.UNAVAILABLE });
    expect(JSON.stringify(logged)).not.toContain(message.idTag);
  });

  it('is INTERNAL when asking again would not help', async () => {
    const { controller } = controllerOf(true, new Error('an invariant broke'));
    expect(await refusalOf(controller)).toEqual({
      code: status.INTERNAL,
      message: 'the decision failed; see the log',
    });
  });
});
