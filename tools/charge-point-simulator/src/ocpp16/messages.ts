import type { Payload } from '../message-lane';

/** OCPP 1.6 AuthorizationStatus (section 7.2). */
export type AuthorizationStatus = 'Accepted' | 'Blocked' | 'Expired' | 'Invalid' | 'ConcurrentTx';

/** OCPP 1.6 Reason (section 7.36), as far as the simulated charger gives it. */
export type StopReason =
  'Local' | 'Remote' | 'EVDisconnected' | 'DeAuthorized' | 'SoftReset' | 'HardReset';

/** OCPP 1.6 ChargePointStatus (section 7.7), as far as the simulated charger takes it. */
export type ConnectorStatus = 'Available' | 'Preparing' | 'Charging' | 'SuspendedEV' | 'Finishing';

/** OCPP 1.6 ReadingContext (section 7.33). */
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

/** One MeterValue element (section 7.31); values are text in 1.6. */
export const meterValue = (reading: Reading, context: ReadingContext): Payload => ({
  timestamp: reading.at.toISOString(),
  sampledValue: [
    {
      value: String(reading.registerWh),
      context,
      measurand: 'Energy.Active.Import.Register',
      location: 'Outlet',
      unit: 'Wh',
    },
    {
      value: String(reading.powerW),
      context,
      measurand: 'Power.Active.Import',
      location: 'Outlet',
      unit: 'W',
    },
    ...(reading.socPercent === undefined
      ? []
      : [
          {
            value: String(reading.socPercent),
            context,
            measurand: 'SoC',
            location: 'EV',
            unit: 'Percent',
          },
        ]),
  ],
});

/** The integer that meterStart and meterStop are on the wire. */
export const wireWh = (registerWh: bigint): number => {
  if (registerWh < 0n || registerWh > 2_147_483_647n) {
    throw new RangeError(`register of ${registerWh} Wh does not fit an OCPP 1.6 integer`);
  }
  return Number(registerWh);
};

const STATUSES: readonly string[] = ['Accepted', 'Blocked', 'Expired', 'Invalid', 'ConcurrentTx'];

/** Reads idTagInfo.status of an answer; throws when there is none, as for an answer not given. */
export const idTagStatusOf = (answer: Payload): AuthorizationStatus => {
  const info = answer['idTagInfo'];
  const status =
    typeof info === 'object' && info !== null && 'status' in info ? info.status : undefined;
  if (typeof status === 'string' && STATUSES.includes(status)) return status as AuthorizationStatus;
  throw new Error(`answer without a known idTagInfo.status: ${JSON.stringify(answer)}`);
};

/** Reads transactionId of StartTransaction.conf; throws when it is not an integer. */
export const transactionIdOf = (answer: Payload): number => {
  const transactionId = answer['transactionId'];
  if (Number.isInteger(transactionId)) return transactionId as number;
  throw new Error(`answer without an integer transactionId: ${JSON.stringify(answer)}`);
};
