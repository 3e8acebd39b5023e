import { X509Certificate } from 'node:crypto';
import type { SqlClient } from '@tallywatt/event-log';
import { Problem } from '@tallywatt/service-kit';
import type { Instant } from '@tallywatt/time';
import type { ChargerCommand } from '../domain/charger-command';
import {
  type AuthorizationAnswer,
  type AuthorizationClient,
  AuthorizationUnavailable,
} from '../outbound/authorization-client';
import type { ChargePoint } from '../outbound/charge-point-registry';
import { findReservation, findTransaction } from '../outbound/command-views';
import { fingerprintOf } from './client-certificate';
import type { CommandRequest } from './command-schema';
import { questionAt } from './question';

/** A fault of a command's parameters that only the state of the gateway shows. */
export const parameterFault = (field: string, message: string): Problem => {
  const path = field === '' ? '$.parameters' : `$.parameters.${field}`;
  return new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: `${path}: ${message}`,
    faults: [{ path, message }],
  });
};

type Parts = Readonly<{ sql: SqlClient; authorization: AuthorizationClient }>;

/** Whoever starts or reserves for a token hears at once that it may not charge here. */
const decisionFor = async (
  { authorization }: Parts,
  point: ChargePoint,
  { token, connectorId }: Readonly<{ token: string; connectorId?: number | undefined }>,
  at: Instant,
): Promise<Readonly<{ tokenRef: string; decisionId: string }>> => {
  let answer: AuthorizationAnswer;
  try {
    const question = questionAt(point, connectorId);
    answer = await authorization.authorize({ ...question, idTag: token, at, purpose: 'authorize' });
  } catch (error) {
    if (!(error instanceof AuthorizationUnavailable)) throw error;
    throw new Problem({
      status: 503,
      type: 'authorization-unavailable',
      title: 'Nobody can say now whether the token may charge',
      detail: 'nothing was recorded; ask again',
    });
  }
  const { status, tokenRef, decisionId } = answer.decision;
  if (status === 'Accepted') return { tokenRef, decisionId };
  throw new Problem({
    status: 409,
    type: 'token-not-accepted',
    title: 'The token may not charge there',
    detail: `authorization decided ${status}`,
  });
};

const fingerprintOfPem = (pem: string): string => {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw parameterFault('certificate', 'is no X.509 certificate');
  }
  // A charger that trusts anything else as a root may find no server to trust any more.
  if (!certificate.ca) throw parameterFault('certificate', 'is of no certificate authority');
  return fingerprintOf(certificate);
};

/**
 * The command that a request asks for, with what it leaves for the gateway to know.
 *
 * @throws Problem where that cannot be.
 */
export const prepareCommand = async (
  { command: type, parameters }: CommandRequest,
  point: ChargePoint,
  parts: Parts,
  now: Instant,
): Promise<ChargerCommand> => {
  const { cpoId, id: chargePointId } = point;
  const connectorId = 'connectorId' in parameters ? parameters.connectorId : undefined;
  if (connectorId !== undefined && !point.connectors.some(({ id }) => id === connectorId)) {
    throw parameterFault('connectorId', `charge point ${chargePointId} has no such connector`);
  }
  const said = { type, ...parameters } as ChargerCommand;
  switch (said.type) {
    case 'RemoteStart':
    case 'Reservation': {
      if (said.type === 'Reservation' && said.expiresAt <= now) {
        throw parameterFault('expiresAt', 'is over');
      }
      return { ...said, ...(await decisionFor(parts, point, said, now)) };
    }
    case 'CertificateInstallation':
      return { ...said, fingerprintSha256: fingerprintOfPem(said.certificate) };
    case 'SecurityProfileRaise':
      if (said.securityProfile <= point.securityProfile) {
        throw parameterFault('securityProfile', `is no more than ${point.securityProfile} already`);
      }
      return said;
    case 'ReservationCancellation': {
      const { reservationId } = said;
      const number = await findReservation(parts.sql, cpoId, chargePointId, reservationId);
      if (number === undefined) {
        throw parameterFault(
          'reservationId',
          `charge point ${chargePointId} has no such reservation`,
        );
      }
      return { ...said, reservationNumber: number };
    }
    case 'DisplayMessage':
    case 'TransactionStatus': {
      const { sessionId } = said;
      if (sessionId === undefined) return said;
      const id = await findTransaction(parts.sql, cpoId, chargePointId, sessionId);
      if (id === undefined) {
        throw parameterFault('sessionId', `charge point ${chargePointId} has no such session`);
      }
      return { ...said, ocppTransactionId: id };
    }
    default:
      return said;
  }
};
