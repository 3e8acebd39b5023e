import { at } from './gateway-stage';

/** How an OCPP 2.0.1 station says its sessions, in a test's few words. */
export const ocpp201 = { protocol: 'ocpp2.0.1' };

export const idToken = (tag: string) => ({ idToken: tag, type: 'ISO14443' });

const registerOf = (wattHours: number, minute: number, context: string) => ({
  timestamp: at(minute),
  sampledValue: [
    { value: wattHours / 1_000, context, unitOfMeasure: { unit: 'Wh', multiplier: 3 } },
  ],
});

type Other = Readonly<{ transactionInfo?: object }> & Readonly<Record<string, unknown>>;

const eventOf =
  (eventType: string, triggerReason: string) =>
  (transactionId: string, seqNo: number, { transactionInfo, ...other }: Other = {}) => ({
    eventType,
    triggerReason,
    timestamp: at(seqNo * 10),
    seqNo,
    transactionInfo: { transactionId, ...transactionInfo },
    ...other,
  });

export const metered = (wattHours: number, minute: number, context = 'Sample.Periodic') => ({
  meterValue: [registerOf(wattHours, minute, context)],
});

/** Plugged in at 10:00 with a register of 1,000 Wh. */
export const pluggedIn = (transactionId: string, other: Other = {}) =>
  eventOf('Started', 'CablePluggedIn')(transactionId, 0, {
    evse: { id: 1, connectorId: 1 },
    ...metered(1_000, 0, 'Transaction.Begin'),
    ...other,
  });

export const updated = eventOf('Updated', 'MeterValuePeriodic');

/** Stopped and unplugged with a register of 2,500 Wh. */
export const unplugged = (transactionId: string, seqNo: number, other: Other = {}) =>
  eventOf('Ended', 'EVDeparted')(transactionId, seqNo, {
    ...metered(2_500, seqNo * 10, 'Transaction.End'),
    ...other,
    transactionInfo: { stoppedReason: 'EVDisconnected', ...other.transactionInfo },
  });
