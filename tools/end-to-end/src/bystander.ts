import { collectEvidence, findSessionId, serviceNames, until } from '@tallywatt/demonstration';
import { differs, flatPriceMinor } from './agreement';
import { parkedRecords } from './observation';
import type { TestSystem } from './test-system';
import { connectCharger, virtualStart } from './traffic';
import { untilPaid } from './waiting';

export type Bystander = Readonly<{
  /**
   * Waits for its session to be over and says what others have done to it or to any service;
   * nothing when all is as if they had not been there.
   */
  harm: () => Promise<readonly string[]>;
  leave: () => Promise<void>;
}>;

const id = 'HEALTHY-1';
const energyWh = 14_321n;
/** Slow enough that the session lasts through what goes on beside it: some twelve seconds. */
const speed = 200;

/** A charger that minds its own business while a test misbehaves beside it. */
export const startBystander = async ({ system, api }: TestSystem): Promise<Bystander> => {
  const pids = (): string =>
    serviceNames.map((name) => `${name} ${system.services[name].pid}`).join(', ');
  const pidsBefore = pids();
  const start = virtualStart();
  const { charger, idTag } = await connectCharger(system, api, id, { start, speed });
  const session = charger.runSession({
    connectorId: 1,
    idTag,
    energyWh,
    meterIntervalSeconds: 300,
  });
  // Awaited at the end; a failure until then is not to end the process.
  session.catch(() => undefined);
  await until(
    'the healthy session runs',
    async () => (await api.list('ocppGateway', '/v1/sessions?status=active'))[0],
    120_000,
  );
  const isReady = async (url: string): Promise<boolean> => {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    await response.text();
    return response.ok;
  };
  const harm = async (): Promise<readonly string[]> => {
    const outcome = await session;
    if (!outcome.started) return [`Authorize was answered ${outcome.authorizeStatus}`];
    const sessionId = await until(
      'the healthy session at the gateway',
      () => findSessionId(api, id, outcome.transactionId),
      120_000,
    );
    await untilPaid(api, sessionId);
    const { session: seen, cdr, subject } = await collectEvidence(api, sessionId);
    const total = flatPriceMinor(energyWh);
    const readiness = await Promise.all(
      serviceNames.map(async (name) => {
        // One that was harmed stays unready; one that is busy for a moment does not.
        const ready = await until(
          `${name} is ready`,
          async () => (await isReady(system.services[name].program.readyUrl)) || undefined,
          60_000,
        ).catch(() => false);
        return differs(`${name} is ready`, true, ready);
      }),
    );
    return [
      ...differs('energy delivered', energyWh, outcome.energyWh),
      ...differs('energy at the gateway', energyWh.toString(), seen.energyWh),
      ...differs('billed', total, cdr.totalInclTaxMinor),
      ...differs('captured', total, subject.capturedMinor),
      ...differs('processes', pidsBefore, pids()),
      ...readiness.flat(),
      ...(await parkedRecords(system)).map((what) => `parked: ${what}`),
    ];
  };
  return { harm, leave: () => charger.disconnect({ drain: false }) };
};
