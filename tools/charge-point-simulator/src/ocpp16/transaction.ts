import type { TransactionTerms, TransactionVoice } from '../dialect';
import type { Payload } from '../message-lane';
import {
  type AuthorizationStatus,
  type Reading,
  type ReadingContext,
  type StopReason,
  tokenStatusOf,
} from '../terms';
import { meterValue, transactionIdOf, wireWh } from './messages';

/** StartTransaction, MeterValues and StopTransaction; the server gives the id. */
export class Transaction implements TransactionVoice {
  private transactionId: number | undefined;
  private idTagStatus: AuthorizationStatus | undefined;

  constructor(private readonly terms: TransactionTerms) {}

  /** A cable is no transaction in 1.6: its StatusNotification says it. */
  plugIn(): void {}

  start(begin: Reading): void {
    const { lane, connectorId, idTag } = this.terms;
    void lane.addLasting(
      'StartTransaction',
      () => ({
        connectorId,
        idTag,
        meterStart: wireWh(begin.registerWh),
        timestamp: begin.at.toISOString(),
      }),
      (answer) => this.learn(answer),
    );
  }

  read(reading: Reading, context: ReadingContext): void {
    void this.terms.lane.addLasting('MeterValues', () => ({
      connectorId: this.terms.connectorId,
      transactionId: this.known().transactionId,
      meterValue: [meterValue(reading, context)],
    }));
  }

  suspend(): void {}

  stop(begin: Reading, end: Reading, reason: StopReason, times: number): Promise<unknown>[] {
    const payload = (): Payload => ({
      transactionId: this.known().transactionId,
      ...(reason === 'Local' ? { idTag: this.terms.idTag } : {}),
      meterStop: wireWh(end.registerWh),
      timestamp: end.at.toISOString(),
      reason,
      transactionData: [meterValue(begin, 'Transaction.Begin'), meterValue(end, 'Transaction.End')],
    });
    return Array.from({ length: times }, () =>
      this.terms.lane.addLasting('StopTransaction', payload),
    );
  }

  leave(): void {}

  isNamed(transactionId: unknown): boolean {
    return this.transactionId !== undefined && this.transactionId === transactionId;
  }

  known() {
    if (this.transactionId === undefined || this.idTagStatus === undefined) {
      throw new Error('StartTransaction has not been answered yet');
    }
    return { transactionId: this.transactionId, idTagStatus: this.idTagStatus };
  }

  private learn(answer: Payload): void {
    const transactionId = transactionIdOf(answer);
    const idTagStatus = tokenStatusOf(answer, 'idTagInfo');
    this.transactionId = transactionId;
    this.idTagStatus = idTagStatus;
    this.terms.onTokenStatus(idTagStatus);
  }
}
