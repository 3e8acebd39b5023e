import type { Protocol } from '../protocol';
import { signCertificate16 } from '../sign-certificate';
import { diagnosticsStatus, firmwareStatus, logStatus, securityEvent } from '../station-notices';
import { authorize } from './authorize';
import { bootNotification } from './boot-notification';
import { encodeCommand } from './commands';
import { showCost } from './cost-messages';
import { dataTransfer } from './data-transfer';
import { heartbeat } from './heartbeat';
import { meterValues } from './meter-values';
import { validatorWithout } from './schema';
import { startTransaction } from './start-transaction';
import { statusNotification } from './status-notification';
import { stopTransaction } from './stop-transaction';
import { tolerantMeterValues, tolerantStop } from './tolerant';

/** OCPP 1.6 edition 2 with errata, over JSON. */
export const ocpp16: Protocol = {
  version: '1.6',
  routes: [
    { action: 'BootNotification', answer: bootNotification, isOrdered: true },
    { action: 'StatusNotification', answer: statusNotification, isOrdered: true },
    { action: 'StartTransaction', answer: startTransaction, isOrdered: true },
    { action: 'MeterValues', answer: tolerantMeterValues(meterValues), isOrdered: true },
    { action: 'StopTransaction', answer: tolerantStop(stopTransaction), isOrdered: true },
    { action: 'Authorize', answer: authorize, isOrdered: false },
    { action: 'Heartbeat', answer: heartbeat, isOrdered: false },
    { action: 'DataTransfer', answer: dataTransfer, isOrdered: false },
    { action: 'FirmwareStatusNotification', answer: firmwareStatus, isOrdered: true },
    { action: 'SignedFirmwareStatusNotification', answer: firmwareStatus, isOrdered: true },
    { action: 'DiagnosticsStatusNotification', answer: diagnosticsStatus, isOrdered: true },
    { action: 'LogStatusNotification', answer: logStatus, isOrdered: true },
    { action: 'SignCertificate', answer: signCertificate16, isOrdered: true },
    { action: 'SecurityEventNotification', answer: securityEvent, isOrdered: true },
  ],
  // All but what is confirmed whatever it says.
  validator: validatorWithout(['MeterValues', 'StopTransaction']),
  encodeCommand,
  showCost,
  // Security white paper, A05: the key of the next connection.
  setPassword: (password) => ['ChangeConfiguration', { key: 'AuthorizationKey', value: password }],
  passwordRefusal: (result) => {
    const { status } = result as { status: string };
    return ['Accepted', 'RebootRequired'].includes(status)
      ? undefined
      : `the charger answered ${status}`;
  },
  requestStop: (ocppTransactionId) => [
    'RemoteStopTransaction',
    { transactionId: Number(ocppTransactionId) },
  ],
};
