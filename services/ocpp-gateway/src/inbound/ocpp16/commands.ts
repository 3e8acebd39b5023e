import {
  type ChargerCommand,
  endOfStatus,
  type MessageTrigger,
  type Reset,
} from '../../domain/charger-command';
import type { EncodedCommand } from '../protocol';

const unsayable = (detail: string): EncodedCommand => ({ kind: 'unsayable', detail });

/** A call that is answered with a status and nothing else of interest. */
const call = (action: string, params: object): EncodedCommand => ({
  kind: 'call',
  action,
  params,
  read: ({ status }) => endOfStatus(String(status)),
});

/** OCPP 1.6, 5.14: a soft reset ends transactions first, as the Immediate of 2.0.1 does. */
const reset = ({ resetType, connectorId }: Reset): EncodedCommand => {
  if (resetType === 'OnIdle') return unsayable('OCPP 1.6 cannot wait for a charger to be idle');
  if (connectorId !== undefined) return unsayable('OCPP 1.6 restarts whole charge points only');
  return call('Reset', { type: resetType === 'Hard' ? 'Hard' : 'Soft' });
};

/** Messages of the security whitepaper, which TriggerMessage does not know. */
const extended: Readonly<Record<string, string>> = {
  LogStatusNotification: 'LogStatusNotification',
  SignChargingStationCertificate: 'SignChargePointCertificate',
};
const triggerable: readonly string[] = [
  'BootNotification',
  'DiagnosticsStatusNotification',
  'FirmwareStatusNotification',
  'Heartbeat',
  'MeterValues',
  'StatusNotification',
];

const messageTrigger = ({ message, connectorId }: MessageTrigger): EncodedCommand => {
  const place = connectorId === undefined ? {} : { connectorId };
  const extendedMessage = extended[message];
  if (extendedMessage !== undefined) {
    return call('ExtendedTriggerMessage', { requestedMessage: extendedMessage, ...place });
  }
  return triggerable.includes(message)
    ? call('TriggerMessage', { requestedMessage: message, ...place })
    : unsayable(`OCPP 1.6 has no ${message}`);
};

/** A command in the words of OCPP 1.6 (part 5) and its security whitepaper. */
export const encodeCommand = (command: ChargerCommand): EncodedCommand => {
  switch (command.type) {
    case 'Reset':
      return reset(command);
    case 'ConnectorUnlock':
      return call('UnlockConnector', { connectorId: command.connectorId });
    case 'MessageTrigger':
      return messageTrigger(command);
  }
};
