import type { TransactionTerms, TransactionVoice } from '../dialect';
import type { Payload } from '../message-lane';
import {
  type AuthorizationStatus,
  type Reading,
  type ReadingContext,
  type StopReason,
  tokenStatusOf,
} from '../terms';
import { idToken, meterValue } from './messages';

type EventType = 'Started' | 'Updated' | 'Ended';

const triggers: Readonly<Record<ReadingContext, string>> = {
  'Transaction.Begin': 'ChargingStateChanged',
  'Transaction.End': 'ChargingStateChanged',
  'Sample.Periodic': 'MeterValuePeriodic',
  'Sample.Clock': 'MeterValueClock',
  Trigger: 'Trigger',
};

/** What ends a transaction: part 2, TriggerReasonEnumType and ReasonEnumType. */
const endings: Readonly<Record<StopReason, Readonly<{ trigger: string; reason: string }>>> = {
  Local: { trigger: 'StopAuthorized', reason: 'Local' },
  Remote: { trigger: 'RemoteStop', reason: 'Remote' },
  EVDisconnected: { trigger: 'EVDeparted', reason: 'EVDisconnected' },
  DeAuthorized: { trigger: 'Deauthorized', reason: 'DeAuthorized' },
  SoftReset: { trigger: 'ResetCommand', reason: 'Reboot' },
  HardReset: { trigger: 'ResetCommand', reason: 'ImmediateReset' },
};

/**
 * TransactionEvents under an id of the charger's own, numbered from 0. TxStartPoint is EVConnected, so
 * the first one comes before the driver is known; TxStopPoint is Authorized, so the last one is the
 * driver's stop, with the cable in.
 */
export class Transaction implements TransactionVoice {
  private readonly transactionId: string;
  private seqNo = 0;
  private idTagStatus: AuthorizationStatus | undefined;

  constructor(private readonly terms: TransactionTerms) {
    const { random } = terms;
    this.transactionId = Array.from({ length: 4 }, () =>
      random.integer(0, 0xffff_ffff).toString(16).padStart(8, '0'),
    ).join('');
  }

  plugIn(begin: Reading): void {
    void this.say('Started', 'CablePluggedIn', begin.at, {
      transactionInfo: { chargingState: 'EVConnected' },
      evse: { id: this.terms.connectorId, connectorId: 1 },
      meterValue: [meterValue(begin, 'Transaction.Begin')],
    });
  }

  start(begin: Reading): void {
    const said = {
      transactionInfo: { chargingState: 'Charging' },
      idToken: idToken(this.terms.idTag),
    };
    void this.say('Updated', 'Authorized', begin.at, said, (answer) => {
      const status = tokenStatusOf(answer, 'idTokenInfo');
      this.idTagStatus = status;
      this.terms.onTokenStatus(status);
    });
  }

  read(reading: Reading, context: ReadingContext): void {
    void this.say('Updated', triggers[context], reading.at, {
      meterValue: [meterValue(reading, context)],
    });
  }

  suspend(reading: Reading): void {
    void this.say('Updated', 'ChargingStateChanged', reading.at, {
      transactionInfo: { chargingState: 'SuspendedEV' },
    });
  }

  stop(begin: Reading, end: Reading, stopReason: StopReason, times: number): Promise<unknown>[] {
    const { trigger, reason } = endings[stopReason];
    const { seqNo } = this;
    return Array.from({ length: times }, () => {
      this.seqNo = seqNo;
      return this.say('Ended', trigger, end.at, {
        transactionInfo: { chargingState: 'EVConnected', stoppedReason: reason },
        ...(stopReason === 'Local' ? { idToken: idToken(this.terms.idTag) } : {}),
        meterValue: [meterValue(begin, 'Transaction.Begin'), meterValue(end, 'Transaction.End')],
      });
    });
  }

  leave(reading: Reading): void {
    void this.say('Ended', 'EVDeparted', reading.at, {
      transactionInfo: { chargingState: 'Idle', stoppedReason: 'EVDisconnected' },
      meterValue: [meterValue(reading, 'Transaction.End')],
    });
  }

  isNamed(transactionId: unknown): boolean {
    return this.seqNo > 0 && this.transactionId === transactionId;
  }

  known() {
    const { transactionId, idTagStatus } = this;
    if (idTagStatus === undefined) throw new Error('the token has not been answered yet');
    return { transactionId, idTagStatus };
  }

  private say(
    eventType: EventType,
    triggerReason: string,
    at: Date,
    { transactionInfo, ...said }: Payload,
    read?: (answer: Payload) => void,
  ): Promise<unknown> {
    const payload = {
      eventType,
      triggerReason,
      timestamp: at.toISOString(),
      seqNo: this.seqNo,
      transactionInfo: { transactionId: this.transactionId, ...(transactionInfo as Payload) },
      ...said,
    };
    this.seqNo += 1;
    return this.terms.lane.addLasting('TransactionEvent', () => payload, read);
  }
}
