import type { FleetFeeEvent } from '@tallywatt/contracts';
import {
  fleetFee,
  localMonth,
  nextPeriod,
  periodEnd,
  planStretches,
  type FleetWords,
  type PlanStretch,
  type StatedFee,
} from '@tallywatt/derivations';
import type { EventLog, Logger, SqlClient } from '@tallywatt/event-log';
import { tariffInForce } from '@tallywatt/tariffs';
import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import type { Pool } from 'pg';
import {
  doneMonths,
  feesOfMonth,
  keepDoneMonth,
  keepFleetFees,
  listFleets,
  lockFleet,
  type FleetKey,
} from '../outbound/fleet-fee-table';
import { loadTariffVersions } from '../outbound/tariff-offer';
import type { TariffShelf } from '../outbound/tariff-shelf';
import { fleetConsumer } from './fleet-events.consumer';

/** What is said of a fleet at the end of a month has this long to arrive. */
const settleMs = 60 * 60_000;

type Outside = Readonly<{
  eventLog: Pick<EventLog, 'append' | 'transaction' | 'health'>;
  pool: Pool;
  tariffs: TariffShelf;
  logger: Logger;
}>;

/**
 * Charges each month of each fleet once it is over, in the fleet's time zone. Replicas may do so at
 * the same time: a lock lets one at a time, and the fees of a month are known by their ids. A month
 * is asked for again until every fee of it is charged.
 */
export const chargeFleetFees = async (outside: Outside): Promise<void> => {
  const state = outside.eventLog.health().consumers.find(({ name }) => name === fleetConsumer.name);
  // Not before all is read that was said in the month: a fleet could have been closed in it.
  const knownUntilMs = state?.takenUntilMs;
  if (knownUntilMs === undefined) return;
  for (const fleet of await listFleets(outside.pool)) {
    try {
      await outside.eventLog.transaction((tx) =>
        chargeFleet(outside, tx, fleet, knownUntilMs - settleMs),
      );
    } catch (error) {
      outside.logger.error({ err: error, ...fleet }, 'the fees of a fleet could not be charged');
    }
  }
};

/** The months that are over, from that in which the fleet was first registered. */
const endedPeriods = (words: FleetWords, timeZone: string, beforeMs: number): string[] => {
  const [first] = words;
  if (first?.type !== 'FleetRegistered') return [];
  const periods: string[] = [];
  let period = localMonth(first.registeredAt, timeZone);
  while (period !== undefined && parseInstant(periodEnd(period, timeZone)) <= beforeMs) {
    periods.push(period);
    period = nextPeriod(period);
  }
  return periods;
};

const chargeFleet = async (
  outside: Outside,
  tx: SqlClient,
  fleet: FleetKey,
  beforeMs: number,
): Promise<void> => {
  const words = await lockFleet(tx, fleet);
  const newest = words.findLast((word) => word.type === 'FleetRegistered');
  if (newest === undefined) return;
  const done = await doneMonths(tx, fleet);
  for (const period of endedPeriods(words, newest.timeZone, beforeMs)) {
    if (done.has(period)) continue;
    const stretches = planStretches(words, period, newest.timeZone);
    const known = await feesOfMonth(tx, fleet, period);
    const open = stretches.filter(({ feeId }) => known.get(feeId)?.type !== 'FleetFeeCharged');
    const fees: FleetFeeEvent[] = [];
    for (const stretch of open) fees.push(fleetFee(stretch, await statedFee(outside, tx, stretch)));
    await record(outside, tx, fees, known);
    if (fees.every(({ type }) => type === 'FleetFeeCharged')) {
      await keepDoneMonth(tx, fleet, period);
    }
  }
};

/** By the version in force at the last moment of the month. */
const statedFee = async (
  { tariffs }: Outside,
  tx: SqlClient,
  { cpoId, tariffId, monthEndedAt }: PlanStretch,
): Promise<StatedFee | undefined> => {
  const versions = (await loadTariffVersions(tx, cpoId, [tariffId])).get(tariffId);
  const lastMoment = instantFromEpochMs(parseInstant(monthEndedAt) - 1);
  const reference = tariffInForce(versions, lastMoment)?.reference;
  if (reference === undefined) return undefined;
  await tariffs.fetch(tx, [{ cpoId, reference }]);
  const pinned = tariffs.pinned(cpoId, reference);
  return pinned.kind === 'found' ? { reference, tariff: pinned.tariff } : undefined;
};

/** Says what is new: a fee that is still withheld for the same reason is not said again. */
const record = async (
  { eventLog, logger }: Outside,
  tx: SqlClient,
  fees: readonly FleetFeeEvent[],
  known: ReadonlyMap<string, FleetFeeEvent>,
): Promise<void> => {
  const fresh = fees.filter((fee) => {
    const before = known.get(fee.feeId);
    return !(
      fee.type === 'FleetFeeWithheld' &&
      before?.type === 'FleetFeeWithheld' &&
      before.reason === fee.reason &&
      before.detail === fee.detail
    );
  });
  for (const fee of fresh) {
    if (fee.type === 'FleetFeeCharged') continue;
    const { cpoId, fleetRef, period, reason, detail } = fee;
    logger.error({ cpoId, fleetRef, period, reason, detail }, 'a fee of a fleet is withheld');
  }
  const occurredAt = instantFromEpochMs(Date.now());
  await eventLog.append(
    tx,
    fresh.map((event) => ({
      event,
      // A fee is due when its month ends; that nobody can state it is found when it is asked for.
      occurredAt: event.type === 'FleetFeeCharged' ? event.monthEndedAt : occurredAt,
    })),
  );
  await keepFleetFees(tx, fresh);
};
