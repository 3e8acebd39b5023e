import type { TokenAnswer } from '../../outbound/authorize-wire';
import type { IdTagInfo } from '../../domain/session-record';

/** OCPP 1.6, section 7.2: AuthorizationStatus. */
const statuses = ['Accepted', 'Blocked', 'Expired', 'Invalid', 'ConcurrentTx'];

/** What the charger is told of a token, without its parent. */
export const idTagInfoOf = ({ decision, expiresAt }: TokenAnswer): IdTagInfo => ({
  status: statuses.includes(decision.status) ? decision.status : 'Invalid',
  ...(expiresAt === undefined ? {} : { expiryDate: expiresAt }),
});
