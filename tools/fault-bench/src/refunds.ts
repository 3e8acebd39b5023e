import { ApiRefused, type OperatorApi } from '@tallywatt/demonstration';
import type { BenchSystem } from './bench-system';
import { atMost, pause } from './patience';
import { expectationOf } from './judge';
import type { RanSession } from './ran-session';
import { listedSession } from './session-close';

const retryMs = 1_000;

const ask = async (
  api: OperatorApi,
  sessionId: string,
  amountMinor: bigint,
  planId: string,
): Promise<boolean> => {
  try {
    await api.post('paymentCapture', '/v1/refunds', {
      sessionId,
      amountMinor: amountMinor.toString(),
      reason: 'requested by the driver',
      // The same key at every try: a request whose answer was lost is not made twice.
      idempotencyKey: `bench-${planId}`,
    });
    return true;
  } catch (error) {
    // 404 and 422: the payment is not there yet, or not captured.
    if (error instanceof ApiRefused && error.status === 401) throw error;
    return false;
  }
};

/** Asks for the refunds of the plan, each as soon as its payment is captured. */
export class Refunds {
  private readonly open = new Set<Promise<void>>();
  private isAbandoned = false;

  constructor(private readonly bench: BenchSystem) {}

  request(ran: RanSession): void {
    const refundedMinor = expectationOf(ran)?.refundedMinor ?? 0n;
    if (refundedMinor === 0n) return;
    const work: Promise<void> = this.persist(ran, refundedMinor).finally(() =>
      this.open.delete(work),
    );
    this.open.add(work);
  }

  /** Waits until all were accepted; those that were not in time are given up. */
  async settle(limitMs: number): Promise<void> {
    await atMost(Promise.all([...this.open]), limitMs);
    this.isAbandoned = true;
  }

  private async persist(
    { plan, chargePointId, outcome }: RanSession,
    amountMinor: bigint,
  ): Promise<void> {
    if (!outcome.started) return;
    const { bench } = this;
    while (!this.isAbandoned) {
      const session = await listedSession(bench, chargePointId, outcome.transactionId);
      const isAccepted =
        session !== undefined && (await ask(bench.api, session.id, amountMinor, plan.id));
      if (isAccepted) return;
      await pause(retryMs);
    }
  }
}
