import type { Account } from './account';
import { settleCharge } from './resources/balance-transaction';
import { expireHold } from './resources/payment-intent-capture';
import { arrivePayout, sendPayout, settleDay } from './resources/payout';
import { referenceRefund } from './resources/refund';
import type { Timer } from './tables';

const jobs: Record<Timer['job'], (account: Account, subject: string) => unknown> = {
  'arrive-payout': arrivePayout,
  'expire-hold': expireHold,
  'reference-refund': referenceRefund,
  'send-payout': sendPayout,
  'settle-charge': settleCharge,
  'settle-day': settleDay,
};

const nextDue = (account: Account, untilMs: number): Timer | undefined => {
  let earliest: Timer | undefined;
  for (const timer of account.store.all('timer')) {
    if (timer.dueMs <= untilMs && timer.dueMs < (earliest?.dueMs ?? Infinity)) earliest = timer;
  }
  return earliest;
};

/**
 * Lets everything happen that was due until now, in order and each at the instant it was due:
 * holds expire, money settles, payouts leave and arrive.
 */
export const runDue = (account: Account): void => {
  const untilMs = account.clock.nowMs();
  for (let timer = nextDue(account, untilMs); timer; timer = nextDue(account, untilMs)) {
    const { id, job, subject, dueMs } = timer;
    account.clock.pauseAt(dueMs);
    try {
      account.store.transaction(() => {
        account.store.remove('timer', id);
        jobs[job](account, subject);
      });
    } finally {
      account.clock.resume();
    }
  }
};
