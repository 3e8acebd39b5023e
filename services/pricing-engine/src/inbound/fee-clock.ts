import type { FleetFeeEvent } from '@tallywatt/contracts';
import {
  endedPeriods,
  fleetFee,
  periodZone,
  planStretches,
  wordsUntil,
  type FleetWords,
  type PlanPeriod,
  type PlanStretch,
  type StatedFee,
} from '@tallywatt/derivations';
import type { EventLog, Logger, SqlClient } from '@tallywatt/event-log';
import { tariffInForce } from '@tallywatt/tariffs';
import { instantFromEpochMs, parseInstant, type Instant } from '@tallywatt/time';
import {
  doneMonths,
  feesOfMonth,
  keepDoneMonth,
  keepDue,
  keepFleetFees,
  listDueFleets,
  lockFleet,
  type FleetKey,
} from '../outbound/fleet-fee-table';
import type { FleetMetrics } from '../outbound/fleet-metrics';
import { loadTariffVersions } from '../outbound/tariff-offer';
import type { TariffShelf } from '../outbound/tariff-shelf';
import { fleetConsumer } from './fleet-events.consumer';

/** What is said of a fleet at the end of a month has this long to arrive. */
const settleMs = 60 * 60_000;

type Outside = Readonly<{
  eventLog: Pick<EventLog, 'append' | 'transaction' | 'health'>;
  pool: SqlClient;
  tariffs: TariffShelf;
  metrics: FleetMetrics;
  logger: Logger;
}>;

/**
 * Charges each month of each fleet once it is over, in the fleet's time zone. Replicas may do so at
 * the same time: a lock lets one at a time, and the fees of a month are known by their ids. A month
 * is asked for again until every fee of it is charged.
 */
export const chargeFleetFees = async (outside: Outside): Promise<void> => {
  const { pool, eventLog, metrics, logger } = outside;
  const state = eventLog.health().consumers.find(({ name }) => name === fleetConsumer.name);
  // Not before all is read that was said in the month: a fleet could have been closed in it. What
  // is parked is not read.
  if (state?.takenUntilMs === undefined || state.parkedKeys > 0) return;
  const beforeMs = state.takenUntilMs - settleMs;
  const withheld: string[] = [];
  for (const fleet of await listDueFleets(pool, instantFromEpochMs(beforeMs))) {
    try {
      const fees = await eventLog.transaction((tx) => chargeFleet(outside, tx, fleet, beforeMs));
      for (const fee of fees) if (fee.type === 'FleetFeeWithheld') withheld.push(fee.reason);
    } catch (error) {
      withheld.push('failed');
      logger.error({ err: error, ...fleet }, 'the fees of a fleet could not be charged');
    }
  }
  metrics.withheld(withheld);
};

/** What it says of the months that are over; all fees of a month are said together. */
const chargeFleet = async (
  outside: Outside,
  tx: SqlClient,
  fleet: FleetKey,
  beforeMs: number,
): Promise<readonly FleetFeeEvent[]> => {
  const words = await lockFleet(tx, fleet);
  const { ended, next } = endedPeriods(words, beforeMs);
  const done = await doneMonths(tx, fleet);
  const said: FleetFeeEvent[] = [];
  for (const month of ended) {
    if (done.has(month.period)) continue;
    const known = await feesOfMonth(tx, fleet, month.period);
    const fees: FleetFeeEvent[] = [];
    for (const stretch of openStretches(words, month, known)) {
      fees.push(await feeOf(outside, tx, stretch));
    }
    await record(outside, tx, fees, known);
    if (fees.every(({ type }) => type === 'FleetFeeCharged')) {
      await keepDoneMonth(tx, fleet, month.period);
    }
    said.push(...fees);
  }
  const isOpen = said.some(({ type }) => type === 'FleetFeeWithheld');
  if (!isOpen && next !== undefined) await keepDue(tx, fleet, words, next.endedAt);
  return said;
};

/**
 * A month of which the log has fees is settled but for those it withholds, which are asked for again
 * by the words they were withheld by: what is said later, or arrives late, belongs to other months.
 */
const openStretches = (
  words: FleetWords,
  { period, timeZone }: PlanPeriod,
  known: ReadonlyMap<string, FleetFeeEvent>,
): readonly PlanStretch[] => {
  if (known.size === 0) return planStretches(words, period, timeZone);
  return [...known.values()].flatMap((fee) => {
    if (fee.type === 'FleetFeeCharged') return [];
    const then = wordsUntil(words, fee.fleetSequence);
    const zone = periodZone(then, period);
    if (zone === undefined) return [];
    return planStretches(then, period, zone).filter(({ feeId }) => feeId === fee.feeId);
  });
};

/**
 * By the version in force at the last moment of the month, of those that were published by then: a
 * price is not raised for a month that is over. Only where that states no fee, by the newest.
 */
const feeOf = async (
  outside: Outside,
  tx: SqlClient,
  stretch: PlanStretch,
): Promise<FleetFeeEvent> => {
  const then = fleetFee(stretch, await statedFee(outside, tx, stretch, stretch.monthEndedAt));
  return then.type === 'FleetFeeCharged'
    ? then
    : fleetFee(stretch, await statedFee(outside, tx, stretch, undefined));
};

const statedFee = async (
  { tariffs }: Outside,
  tx: SqlClient,
  { cpoId, tariffId, monthEndedAt }: PlanStretch,
  publishedBefore: Instant | undefined,
): Promise<StatedFee | undefined> => {
  const versions = await loadTariffVersions(tx, cpoId, [tariffId], publishedBefore);
  const lastMoment = instantFromEpochMs(parseInstant(monthEndedAt) - 1);
  const reference = tariffInForce(versions.get(tariffId), lastMoment)?.reference;
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
