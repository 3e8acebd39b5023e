import type { Logger } from '@tallywatt/service-kit';
import { PendingChargers, type PendingPeer } from './pending-chargers';

const station = { cpoId: 'default', chargePointId: 'CP-NEW' };

/** A waiting charger that agrees to no end of its connection. */
const waiting = () => {
  const handlers = new Map<string, (call: { params: unknown; messageId: string }) => unknown>();
  const closings: number[] = [];
  const peer = {
    session: { kind: 'pending', station, subprotocol: 'ocpp1.6', remoteAddress: '192.0.2.1' },
    handle: (action: string, handler: (call: { params: unknown; messageId: string }) => unknown) =>
      handlers.set(action, handler),
    on: () => undefined,
    close: ({ code }: { code: number }) => {
      closings.push(code);
      return new Promise(() => undefined);
    },
  } as unknown as PendingPeer;
  const params = { chargePointVendor: 'Example', chargePointModel: 'Wallbox 2' };
  const boot = () => handlers.get('BootNotification')?.({ params, messageId: 'm' });
  return { peer, boot, closings };
};

const chargersWith = (submit: () => Promise<unknown>) =>
  new PendingChargers({
    sql: {
      query: <R>() => {
        const rows = [{ cpo_id: 'default', charge_point_id: 'CP-NEW', is_registered: true }];
        return Promise.resolve({ rows: rows as R[], rowCount: 1 });
      },
    },
    commits: { submit: <T>() => submit() as Promise<T> },
    pending: {} as never,
    logger: { info: () => undefined, warn: () => undefined } as unknown as Logger,
    connectionsMax: 2,
  });

it('writes a flood of boots of one waiting charger down once', async () => {
  let written = 0;
  const chargers = chargersWith(() => {
    written += 1;
    return Promise.resolve('pending');
  });
  const { peer, boot } = waiting();
  chargers.welcome(peer);
  const answers = await Promise.all(Array.from({ length: 500 }, boot));
  expect(answers.every((answer) => (answer as { status: string }).status === 'Pending')).toBe(true);
  expect(written).toBe(1);
});

it('does not wait for one that does not go', async () => {
  const chargers = chargersWith(() => Promise.resolve('pending'));
  const { peer, boot, closings } = waiting();
  chargers.welcome(peer);
  await boot(); // else it is hung up on a minute later
  await chargers.closeDecided();
  expect(closings).toEqual([1012]);
});
