import { hold, holdSame, textOf } from '../ground/violation';
import { energyPrices, plannedTokens } from '../outside/charging-plan';
import { standingOf } from './corrections';
import type { Evidence, SessionEvidence } from './evidence';

/** Every session that happened is in the log once, as it happened, and ends in one CDR or a reason. */
export const judgeSessions = (evidence: Evidence): void => {
  for (const session of evidence.sessions) {
    judgeFacts(session);
    judgeReadings(session, evidence);
    judgeCdr(session);
  }
  const expected = evidence.sessions.filter(({ expected: is }) => is === 'open');
  const stops = evidence.orphans.filter(({ type }) => type === 'StopOrphaned');
  holdSame(stops.length, expected.length, 'a stop without a session is kept once', 'orphans');
};

const judgeFacts = ({
  physical,
  stored,
  events,
  expected,
  reasons,
  released,
}: SessionEvidence): void => {
  const { sessionId, state } = stored;
  const rule = 'a session is recorded as it happened';
  hold(state.status !== 'absent', rule, () => `${sessionId} is absent`);
  if (state.status === 'absent') return;
  const { plan } = physical;
  holdSame(
    String(physical.transactionId),
    stored.ocppTransactionId,
    rule,
    `transaction id of ${sessionId}`,
  );
  holdSame(state.meterStartMilliWh, BigInt(plan.meterStartWh) * 1_000n, rule, 'meter start');
  const counts = (type: string): number => events.filter((event) => event.type === type).length;
  holdSame(counts('SessionStarted'), 1, rule, 'starts');
  holdSame(state.status, expected === 'open' ? 'active' : 'closed', rule, `status of ${sessionId}`);
  if (state.status !== 'closed') return;
  holdSame(counts('SessionStopped'), 1, rule, 'stops');
  holdSame(counts('SessionClosed'), 1, rule, 'closes');
  holdSame(counts('StopConflicted'), plan.quirk === 'conflicting-stop' ? 1 : 0, rule, 'conflicts');
  const { stoppedAt, meterStopMilliWh, stopReason } = state.stop;
  holdSame(stoppedAt, physical.stamp(physical.stoppedAtMs ?? 0), rule, 'stopped at');
  holdSame(meterStopMilliWh, BigInt(physical.meterStopWh) * 1_000n, rule, 'meter stop');
  holdSame(stopReason, physical.stopReason, rule, 'stop reason');
  const left = reasons.filter((reason) => !released.includes(reason));
  holdSame([...state.quarantineReasons].sort(), left, 'quarantined for good reason', sessionId);
};

/** Nothing that was read is dropped, and no honest reading is doubted. */
const judgeReadings = (
  { physical, stored, events, reasons }: SessionEvidence,
  evidence: Evidence,
): void => {
  const readings = events.flatMap((event) =>
    event.type === 'MeterValuesRecorded' && event.reportedIn === 'meter-values'
      ? event.readings
      : [],
  );
  const orphaned = evidence.orphans.flatMap((orphan) =>
    orphan.type === 'MeterValuesOrphaned' && orphan.chargePointId === stored.chargePointId
      ? orphan.readings
      : [],
  );
  for (const readAt of physical.readings) {
    const isKept = [...readings, ...orphaned].some((reading) => reading.readAt === readAt);
    hold(isKept, 'no reading is dropped', () => `${readAt} of ${stored.sessionId}`);
  }
  holdSame(
    new Set(readings.map(({ readAt, context }) => `${readAt} ${context}`)).size,
    readings.length,
    'no reading twice',
    stored.sessionId,
  );
  if (reasons.length > 0) return;
  const doubted = readings.filter(({ implausibleReason }) => implausibleReason !== undefined);
  hold(doubted.length === 0, 'no honest reading is doubted', () => textOf(doubted));
};

const judgeCdr = (session: SessionEvidence): void => {
  const { physical, stored, cdrs, events, expected, withheld, reasons } = session;
  const rule = 'one CDR, or a reason why not';
  const { cdr, isCorrectionWithheld } = standingOf(cdrs);
  const { state } = stored;
  // What a person says about a stop can be impossible to price; it is said why then.
  const corrections = events.filter(({ type }) => type === 'StopCorrected').length;
  if (expected !== 'either') {
    const isBilled = cdr !== undefined;
    const mayBeWithheld = isReviewed(session) && withheld.some(isPricingsOwn);
    hold(
      isBilled === (expected === 'billed') || (expected === 'billed' && mayBeWithheld),
      rule,
      () => `CDRs of ${stored.sessionId}, ${expected}: ${textOf(cdrs.map(({ type }) => type))}`,
    );
  }
  for (const recorded of withheld) {
    const { reason } = recorded.event;
    const isKnown = reasons.includes(reason) || (isPricingsOwn(recorded) && isReviewed(session));
    hold(isKnown, rule, () => `${reason} is none of ${reasons.join()}`);
  }
  hold(!isCorrectionWithheld || corrections > 0, rule, () => `withheld again ${stored.sessionId}`);
  if (cdr === undefined || isCorrectionWithheld || state.status !== 'closed') return;
  const { stoppedAt, meterStopMilliWh } = state.corrected ?? state.stop;
  const energyMilliWh = meterStopMilliWh - BigInt(physical.plan.meterStartWh) * 1_000n;
  holdSame(cdr.energyMilliWh, energyMilliWh, rule, 'energy');
  holdSame(cdr.startedAt, physical.startedAt, rule, 'started at');
  holdSame(cdr.stoppedAt, stoppedAt, rule, 'stopped at');
  const closed = events.find((event) => event.type === 'SessionClosed');
  const endsWithStop = closed?.closedBy === 'stop' || closed?.closedBy === 'time-out';
  holdSame(cdr.closedAt, endsWithStop ? stoppedAt : state.closedAt, rule, 'closed at');
  judgePrice(session, energyMilliWh, cdr);
};

const isReviewed = ({ events }: SessionEvidence): boolean =>
  events.some(({ type }) => type === 'StopCorrected' || type === 'SessionReleased');

/** What the rating cannot price, whoever has looked at it. */
const isPricingsOwn = ({ event }: SessionEvidence['withheld'][number]): boolean =>
  ['meter-ran-backwards', 'meter-unusable', 'session-times-unusable', 'tariff-unknown'].includes(
    event.reason,
  );

const rounded = (amount: bigint, divisor: bigint): bigint =>
  (amount * 2n + divisor) / (divisor * 2n);

/** Where only energy costs and nobody has a discount, the price is worked out here once more. */
const judgePrice = (
  { physical, stored }: SessionEvidence,
  energyMilliWh: bigint,
  cdr: Readonly<{ totalExclTaxMinor: bigint; totalInclTaxMinor: bigint; totalTaxMinor: bigint }>,
): void => {
  const rule = 'priced from its readings';
  holdSame(cdr.totalInclTaxMinor, cdr.totalExclTaxMinor + cdr.totalTaxMinor, rule, 'total');
  const token = plannedTokens.find(({ idTag }) => idTag === physical.plan.idTag);
  const price = energyPrices.get(physical.tariffId);
  if (price === undefined || token?.kind === 'member') return;
  const priceMinor = BigInt(Math.round(price * 100));
  // The tariffs count whole Wh, and a person may have said parts of one.
  const energyWh = (energyMilliWh + 999n) / 1_000n;
  const exclMinor = rounded(energyWh * priceMinor, 1_000n);
  holdSame(cdr.totalExclTaxMinor, exclMinor, rule, `${stored.sessionId} without tax`);
  holdSame(cdr.totalTaxMinor, rounded(exclMinor * 19n, 100n), rule, `${stored.sessionId} tax`);
};
