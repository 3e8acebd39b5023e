import { InvalidInstant, normalizeInstant, type Instant } from '@tallywatt/time';
import type { Logger } from '@tallywatt/service-kit';
import type { SqlClient } from '@tallywatt/event-log';
import type { CertificateSigning } from './certificate-signing';
import type { AuthorizationClient } from '../outbound/authorization-client';
import type { CostDisplays } from '../outbound/cost-displays';
import type { Commits } from '../outbound/frame-log';
import type { OrphanStore } from '../outbound/orphan-store';
import type { RegistrationCopies } from '../outbound/registration-copies';
import type { ConnectionClocks } from './connection-clocks';
import type { SignedValues } from '../outbound/signed-values';
import type { SessionStore } from '../outbound/session-store';
import type { Connection, StationStore } from '../outbound/station-store';
import type { StationNotices } from '../outbound/station-notices';
import type { TokenMark } from '../outbound/token-mark';
import type { TransactionStore } from '../outbound/transaction-store';

/** A CALL whose payload has passed its schema. */
export type Frame<Params> = Readonly<{
  connection: Connection;
  messageId: string;
  params: Params;
  receivedAt: Instant;
}>;

/** What the messages work with. */
export type Gateway = Readonly<{
  /** For reads outside of a transaction. */
  sql: SqlClient;
  commits: Commits;
  sessions: SessionStore;
  transactions: TransactionStore;
  orphans: OrphanStore;
  stations: StationStore;
  notices: StationNotices;
  signing: CertificateSigning;
  authorization: AuthorizationClient;
  /** For Authorize; whatever begins a session reads its registration in its transaction. */
  registrations: RegistrationCopies;
  costs: Pick<CostDisplays, 'totalCostOf'>;
  tokenMark: TokenMark;
  signedValues: SignedValues;
  clocks: ConnectionClocks;
  heartbeatIntervalSeconds: number;
  logger: Logger;
}>;

/** The payload of the CALLRESULT; it leaves when the promise resolves, so after the commit. */
export type Answer<Params> = (frame: Frame<Params>, gateway: Gateway) => Promise<object>;

/** The payload passed its schema and still says something that cannot be kept. */
export class FrameFault extends Error {
  readonly code: string = 'PropertyConstraintViolation';
}

/** The standard has such a message, and nobody here can do anything about it. */
export class NotSupported extends FrameFault {
  override readonly code = 'NotSupported';
}

/** @throws FrameFault outside 32 bits, which JSON schema's integer does not exclude. */
export const int32 = (field: string, value: number): number => {
  if ((value | 0) !== value) throw new FrameFault(`${field}: ${value} does not fit 32 bits`);
  return value;
};

/** Exact as a number, and so small that the difference of two has 64 bits in mWh. */
const wattHoursMax = 4e15;

/** A register in whole Wh as mWh. @throws FrameFault when it is no register's number. */
export const milliWhOf = (field: string, wattHours: number): bigint => {
  if (!Number.isInteger(wattHours) || Math.abs(wattHours) > wattHoursMax) {
    throw new FrameFault(`${field}: ${wattHours} is not an exact number of Wh`);
  }
  return BigInt(wattHours) * 1_000n;
};

const looseInstant = /^(.{10})[Tt ](\d\d:\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d)(?::?(\d\d))?$/;

/**
 * The instant a charger claims. The OCPP schemas also let through a blank for the T, short offsets
 * and leap seconds; the last become the second before.
 *
 * @throws FrameFault when no such instant exists.
 */
export const claimedInstant = (field: string, text: string): Instant => {
  const [, day, minutes, second = '', fraction = '', zone = '', zoneMinutes] =
    looseInstant.exec(text) ?? [];
  const offset = /^[Zz]$/.test(zone) ? zone : `${zone}:${zoneMinutes ?? '00'}`;
  const plain = `${day}T${minutes}:${second === '60' ? '59' : second}${fraction}${offset}`;
  try {
    return normalizeInstant(day === undefined ? text : plain);
  } catch (error) {
    if (error instanceof InvalidInstant) throw new FrameFault(`${field}: ${error.message}`);
    throw error;
  }
};
