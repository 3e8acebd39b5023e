import type { Answer } from './frame';
import { authorize } from './ocpp16/authorize';
import { bootNotification } from './ocpp16/boot-notification';
import { dataTransfer } from './ocpp16/data-transfer';
import { heartbeat } from './ocpp16/heartbeat';
import { meterValues } from './ocpp16/meter-values';
import { startTransaction } from './ocpp16/start-transaction';
import { statusNotification } from './ocpp16/status-notification';
import { validatorWithout } from './ocpp16/schema';
import { stopTransaction } from './ocpp16/stop-transaction';
import { tolerantMeterValues, tolerantStop } from './ocpp16/tolerant';

export type Route = Readonly<{
  action: string;
  answer: Answer<never>;
  /** Frames of one charger that must take effect in the order they came. */
  isOrdered: boolean;
}>;

/** OCPP version and action to the function that answers. What is not here is NotImplemented. */
export const routes = {
  'ocpp1.6': [
    { action: 'BootNotification', answer: bootNotification, isOrdered: true },
    { action: 'StatusNotification', answer: statusNotification, isOrdered: true },
    { action: 'StartTransaction', answer: startTransaction, isOrdered: true },
    { action: 'MeterValues', answer: tolerantMeterValues(meterValues), isOrdered: true },
    { action: 'StopTransaction', answer: tolerantStop(stopTransaction), isOrdered: true },
    { action: 'Authorize', answer: authorize, isOrdered: false },
    { action: 'Heartbeat', answer: heartbeat, isOrdered: false },
    { action: 'DataTransfer', answer: dataTransfer, isOrdered: false },
  ],
} as const satisfies Record<string, readonly Route[]>;

/** Checks all messages but those that are confirmed whatever they say. */
export const validators = [validatorWithout(['MeterValues', 'StopTransaction'])];

export type Subprotocol = keyof typeof routes;
