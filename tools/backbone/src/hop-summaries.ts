import type {
  AllowanceEvent,
  CdrEvent,
  DecisionEvent,
  JournalEntryPosted,
  PaymentEvent,
  SessionEvent,
  SettlementEvent,
  TariffAssigned,
} from '@tallywatt/contracts';
import { decimalToString, formatMoney } from '@tallywatt/money';

const kwh = (milliWh: bigint): string => `${decimalToString({ unscaled: milliWh, scale: 6 })} kWh`;

export const sessionSummary = (event: SessionEvent): string => {
  switch (event.type) {
    case 'SessionStarted':
      return `${event.chargePointId} connector ${event.connectorId} at ${event.startedAt}, register ${kwh(event.meterStartMilliWh)}`;
    case 'MeterValuesRecorded':
      return event.readings
        .map(({ readAt, registerMilliWh, implausibleReason }) =>
          [
            readAt,
            registerMilliWh === undefined ? 'no register' : kwh(registerMilliWh),
            ...(implausibleReason === undefined ? [] : [`(${implausibleReason})`]),
          ].join(' '),
        )
        .join(', ');
    case 'ChargingStateChanged':
      return `${event.chargingState} at ${event.changedAt}`;
    case 'SessionStopped':
    case 'StopConflicted':
      return `${event.stoppedAt}, register ${kwh(event.meterStopMilliWh)}, ${event.stopReason}`;
    case 'StopCorrected':
      return `${event.stoppedAt}, register ${kwh(event.meterStopMilliWh)}, by ${event.correctedBy}: ${event.reason}`;
    case 'SessionClosed':
      return `${event.closedAt} by ${event.closedBy}`;
    case 'TransactionGapNoticed':
    case 'TransactionGapHealed':
    case 'TransactionGapGivenUp':
      return `events ${event.firstMissingSeqNo} to ${event.lastMissingSeqNo}`;
    case 'SessionQuarantined':
    case 'SessionReleased':
      return `${event.reason}: ${event.detail}`;
  }
};

export const decisionSummary = ({ decision, purpose }: DecisionEvent): string => {
  const { status, tier, paymentRoute, roamingPartyId, fleetRef, rule } = decision;
  const payer = roamingPartyId ?? fleetRef;
  const route = payer === undefined ? paymentRoute : `${paymentRoute} by ${payer}`;
  return `${status} for ${purpose}, ${tier}, ${route}, rule ${rule}`;
};

export const assignmentSummary = (event: TariffAssigned): string => {
  const { assignmentId, revision, tariffId, priority, assignedBy } = event;
  const asked = [
    ...event.driverGroups,
    ...event.chargePointIds,
    ...event.evseGroups,
    ...event.locationIds,
    ...event.siteGroups,
  ];
  const whom = asked.length === 0 ? 'everywhere' : `for ${asked.join(', ')}`;
  return `${assignmentId} revision ${revision}: ${tariffId} ${whom}, priority ${priority}, by ${assignedBy}`;
};

export const drawSummary = (event: AllowanceEvent): string => {
  const { period, sessionEnergyMilliWh, sessionDrawnMilliWh, leftMilliWh } = event;
  const has = `${kwh(sessionDrawnMilliWh)} of ${kwh(sessionEnergyMilliWh)} are included`;
  return `${period}, ${has}, ${kwh(leftMilliWh)} left`;
};

export const cdrSummary = (event: CdrEvent): string => {
  if (event.type === 'CdrWithheld') return `${event.reason}: ${event.detail}`;
  const { currency } = event;
  const lines = event.lines.map(
    ({ dimension, quantity, unit, amountMinor }) =>
      `${dimension} ${quantity} ${unit} ${formatMoney({ amountMinor, currency })}`,
  );
  const total = formatMoney({ amountMinor: event.totalInclTaxMinor, currency });
  return `${lines.join(', ')}; with tax ${total}`;
};

export const paymentSummary = (event: PaymentEvent): string => {
  const details = event as Readonly<Record<string, unknown>>;
  const named = ['reason', 'declineCode', 'failureCode', 'paymentIntentId', 'balanceTransactionId']
    .map((name) => details[name])
    .filter((value) => typeof value === 'string');
  return ['amount' in event ? formatMoney(event.amount) : '', ...named]
    .filter((part) => part !== '')
    .join(' ');
};

export const settlementSummary = (event: SettlementEvent): string => {
  switch (event.type) {
    case 'BalanceTransactionRecorded': {
      const { currency, amountMinor, feeMinor, netMinor } = event;
      const [amount, fee, net] = [amountMinor, feeMinor, netMinor].map((minor) =>
        formatMoney({ amountMinor: minor, currency }),
      );
      return `${event.balanceTransactionId} ${event.reportingCategory} ${amount}, fee ${fee}, net ${net}`;
    }
    case 'BalanceTransactionAvailable':
      return `${event.balanceTransactionId} net ${formatMoney({ amountMinor: event.netMinor, currency: event.currency })}`;
    case 'PayoutCreated':
      return `${event.payoutId} ${formatMoney(event.amount)} of ${event.members.length} movements`;
    case 'PayoutPaid':
    case 'PayoutFailed':
      return `${event.payoutId} ${formatMoney(event.amount)}`;
  }
};

export const entrySummary = ({ postingRule, lines, currency }: JournalEntryPosted): string =>
  `${postingRule}: ${lines
    .map(
      ({ side, account, amountMinor }) =>
        `${side} ${account} ${formatMoney({ amountMinor, currency })}`,
    )
    .join(', ')}`;
