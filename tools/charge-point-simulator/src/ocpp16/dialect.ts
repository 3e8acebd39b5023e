import type { Dialect } from '../dialect';
import { tokenStatusOf } from '../terms';
import { commands } from './commands';
import { Transaction } from './transaction';

/** OCPP 1.6J. */
export const ocpp16: Dialect = {
  protocol: 'ocpp1.6',
  bootNotification: (chargePointId) => ({
    chargePointVendor: 'Tallywatt',
    chargePointModel: 'Simulator 1.6',
    chargePointSerialNumber: chargePointId.slice(0, 25),
    firmwareVersion: '1.0.0',
  }),
  statusNotification: (connectorId, status, since) => ({
    connectorId,
    errorCode: 'NoError',
    status,
    timestamp: since.toISOString(),
  }),
  authorize: (idTag) => ({ idTag }),
  authorizationOf: (answer) => tokenStatusOf(answer, 'idTagInfo'),
  commands,
  transaction: (terms) => new Transaction(terms),
};
