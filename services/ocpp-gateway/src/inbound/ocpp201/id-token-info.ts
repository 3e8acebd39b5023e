import type { IdTagInfo } from '../../domain/session-record';
import type { TokenAnswer } from '../../outbound/authorize-wire';

/** OCPP 2.0.1 part 2, AuthorizationStatusEnumType. */
const statuses = [
  'Accepted',
  'Blocked',
  'ConcurrentTx',
  'Expired',
  'Invalid',
  'NoCredit',
  'NotAllowedTypeEVSE',
  'NotAtThisLocation',
  'NotAtThisTime',
  'Unknown',
];

/** What is kept of what a station is told of a token: its group is personal. */
export const tokenInfoOf = ({ decision, expiresAt }: TokenAnswer): IdTagInfo => ({
  status: statuses.includes(decision.status) ? decision.status : 'Invalid',
  ...(expiresAt === undefined ? {} : { expiryDate: expiresAt }),
});

/** As the station reads it. */
export const idTokenInfo = ({ status, expiryDate }: IdTagInfo): object => ({
  status,
  ...(expiryDate === undefined ? {} : { cacheExpiryDateTime: expiryDate }),
});
