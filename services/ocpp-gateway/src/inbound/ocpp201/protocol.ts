import type { Protocol, Route } from '../protocol';
import { signCertificate201 } from '../sign-certificate';
import { firmwareStatus, logStatus, securityEvent } from '../station-notices';
import { authorize } from './authorize';
import { bootNotification } from './boot-notification';
import { encodeCommand } from './commands';
import { showCost } from './cost-updated';
import { dataTransfer } from './data-transfer';
import { heartbeat } from './heartbeat';
import { meterValues } from './meter-values';
import {
  acknowledged,
  acknowledgedActions,
  unsupported,
  unsupportedActions,
} from './notifications';
import { notifyReport } from './notify-report';
import { reservationStatus } from './reservation-status';
import { validatorWithout } from './schema';
import { statusNotification } from './status-notification';
import { transactionEvent } from './transaction-event';

const acknowledgements: readonly Route[] = acknowledgedActions.map((action) => ({
  action,
  answer: acknowledged,
  isOrdered: false,
}));
const refusals: readonly Route[] = unsupportedActions.map((action) => ({
  action,
  answer: unsupported,
  isOrdered: false,
}));

/** OCPP 2.0.1 edition 2, over JSON. */
export const ocpp201: Protocol = {
  version: '2.0.1',
  routes: [
    { action: 'BootNotification', answer: bootNotification, isOrdered: true },
    { action: 'StatusNotification', answer: statusNotification, isOrdered: true },
    { action: 'TransactionEvent', answer: transactionEvent, isOrdered: true },
    { action: 'MeterValues', answer: meterValues, isOrdered: true },
    { action: 'Authorize', answer: authorize, isOrdered: false },
    { action: 'Heartbeat', answer: heartbeat, isOrdered: false },
    { action: 'DataTransfer', answer: dataTransfer, isOrdered: false },
    { action: 'FirmwareStatusNotification', answer: firmwareStatus, isOrdered: true },
    { action: 'LogStatusNotification', answer: logStatus, isOrdered: true },
    { action: 'NotifyReport', answer: notifyReport, isOrdered: true },
    { action: 'ReservationStatusUpdate', answer: reservationStatus, isOrdered: true },
    { action: 'SecurityEventNotification', answer: securityEvent, isOrdered: true },
    { action: 'SignCertificate', answer: signCertificate201, isOrdered: true },
    ...acknowledgements,
    ...refusals,
  ],
  // All but what is confirmed whatever it says.
  validator: validatorWithout(['MeterValues', 'TransactionEvent']),
  encodeCommand,
  showCost,
  // Part 2, A01.
  setPassword: (password) => [
    'SetVariables',
    {
      setVariableData: [
        {
          component: { name: 'SecurityCtrlr' },
          variable: { name: 'BasicAuthPassword' },
          attributeValue: password,
        },
      ],
    },
  ],
  passwordRefusal: (result) => {
    const { setVariableResult } = result as {
      setVariableResult: readonly { attributeStatus: string }[];
    };
    const status = setVariableResult[0]?.attributeStatus ?? 'nothing';
    return ['Accepted', 'RebootRequired'].includes(status)
      ? undefined
      : `the charging station answered ${status}`;
  },
  requestStop: (ocppTransactionId) => [
    'RequestStopTransaction',
    { transactionId: ocppTransactionId },
  ],
};
