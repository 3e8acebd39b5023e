/** OCPP 1.6 AuthorizationStatus (section 7.2), and what 2.0.1 has of it. */
export type AuthorizationStatus = 'Accepted' | 'Blocked' | 'Expired' | 'Invalid' | 'ConcurrentTx';

/** OCPP 1.6 Reason (section 7.36), as far as the simulated charger gives it. */
export type StopReason =
  'Local' | 'Remote' | 'EVDisconnected' | 'DeAuthorized' | 'SoftReset' | 'HardReset';

/** OCPP 1.6 ChargePointStatus (section 7.7), as far as the simulated charger takes it. */
export type ConnectorStatus = 'Available' | 'Preparing' | 'Charging' | 'SuspendedEV' | 'Finishing';

/** OCPP 1.6 ReadingContext (section 7.33), the same in 2.0.1. */
export type ReadingContext =
  'Transaction.Begin' | 'Transaction.End' | 'Sample.Periodic' | 'Sample.Clock' | 'Trigger';

/** What the meter and the car show at one instant. */
export type Reading = Readonly<{
  at: Date;
  registerWh: bigint;
  powerW: number;
  /** Only where the car tells it: DC. */
  socPercent: number | undefined;
}>;

const statuses: readonly string[] = ['Accepted', 'Blocked', 'Expired', 'Invalid', 'ConcurrentTx'];

/**
 * Reads the status of a token from the part of an answer that has it; throws when there is none, as
 * for an answer not given.
 */
export const tokenStatusOf = (answer: Readonly<Record<string, unknown>>, part: string) => {
  const info = answer[part];
  const status =
    typeof info === 'object' && info !== null && 'status' in info ? info.status : undefined;
  if (typeof status === 'string' && statuses.includes(status)) return status as AuthorizationStatus;
  throw new Error(`answer without a known ${part}.status: ${JSON.stringify(answer)}`);
};
