import type { Dialect } from '../dialect';
import { tokenStatusOf } from '../terms';
import { commands } from './commands';
import { idToken } from './messages';
import { Transaction } from './transaction';

/** OCPP 2.0.1 over JSON. Each connector is the only one of its EVSE. */
export const ocpp201: Dialect = {
  protocol: 'ocpp2.0.1',
  bootNotification: (chargePointId) => ({
    reason: 'PowerUp',
    chargingStation: {
      vendorName: 'Tallywatt',
      model: 'Simulator 2.0.1',
      serialNumber: chargePointId.slice(0, 25),
      firmwareVersion: '1.0.0',
    },
  }),
  statusNotification: (connectorId, status, since) => ({
    evseId: connectorId,
    connectorId: 1,
    connectorStatus: status === 'Available' ? 'Available' : 'Occupied',
    timestamp: since.toISOString(),
  }),
  authorize: (idTag) => ({ idToken: idToken(idTag) }),
  authorizationOf: (answer) => tokenStatusOf(answer, 'idTokenInfo'),
  commands,
  transaction: (terms) => new Transaction(terms),
};
