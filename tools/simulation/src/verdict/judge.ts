import type { System } from '../system';
import { Evidence } from './evidence';
import { judgeBooks } from './books';
import { judgeDelivery } from './delivery';
import { judgePayments } from './payments';
import { judgeRebuild } from './rebuild';
import { judgeReconciliation } from './reconciliation';
import { judgeSessions } from './sessions';

/** Everything that has to hold once all is delivered. Throws the first Violation. */
export const judge = (system: System): void => {
  const evidence = new Evidence(system);
  judgeDelivery(system);
  judgeSessions(evidence);
  judgePayments(evidence);
  judgeBooks(evidence);
  judgeReconciliation(evidence);
  judgeRebuild(evidence);
};
