import {
  type ChargerCommand,
  endOfStatus,
  type MessageTrigger,
  type Reset,
} from '../../domain/charger-command';
import type { EncodedCommand } from '../protocol';
import { evseOf } from './evse';

const unsayable = (detail: string): EncodedCommand => ({ kind: 'unsayable', detail });

/** A call that is answered with a status and nothing else of interest. */
const call = (action: string, params: object): EncodedCommand => ({
  kind: 'call',
  action,
  params,
  read: ({ status, statusInfo }) => endOfStatus(String(status), statusDetails(statusInfo)),
});

/** StatusInfoType: why the station answered as it did, in its own words. */
const statusDetails = (statusInfo: unknown) =>
  Object.entries((statusInfo ?? {}) as Readonly<Record<string, unknown>>)
    .filter(([name]) => name === 'reasonCode' || name === 'additionalInfo')
    .map(([name, value]) => ({ name, value: String(value) }));

const reset = ({ resetType, connectorId }: Reset): EncodedCommand =>
  resetType === 'Hard'
    ? unsayable('OCPP 2.0.1 resets Immediate or OnIdle')
    : call('Reset', {
        type: resetType,
        ...(connectorId === undefined ? {} : { evseId: evseOf(connectorId).id }),
      });

const messageTrigger = ({ message, connectorId }: MessageTrigger): EncodedCommand =>
  message === 'DiagnosticsStatusNotification'
    ? unsayable('OCPP 2.0.1 has LogStatusNotification in its place')
    : call('TriggerMessage', {
        requestedMessage: message,
        // StatusNotification is of a connector (F06.FR.12), the others of an EVSE.
        ...(connectorId === undefined
          ? {}
          : {
              evse:
                message === 'StatusNotification' ? withConnector(connectorId) : evseOf(connectorId),
            }),
      });

const withConnector = (connector: number) => ({ connectorId: 1, ...evseOf(connector) });

/** A command in the words of OCPP 2.0.1, part 2. */
export const encodeCommand = (command: ChargerCommand): EncodedCommand => {
  switch (command.type) {
    case 'Reset':
      return reset(command);
    case 'ConnectorUnlock': {
      const { id: evseId, connectorId } = { connectorId: 1, ...evseOf(command.connectorId) };
      return call('UnlockConnector', { evseId, connectorId });
    }
    case 'MessageTrigger':
      return messageTrigger(command);
  }
};
