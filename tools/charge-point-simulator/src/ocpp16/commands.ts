import type { CommandHandler } from '../connection';
import type { Payload } from '../message-lane';
import type { Station } from '../station';

/**
 * What the server may ask of the charger. Anything not listed here is answered with the CALLERROR
 * NotImplemented.
 */
export const commands = (station: () => Station): ReadonlyMap<string, CommandHandler> =>
  new Map<string, CommandHandler>([
    ['RemoteStartTransaction', (params) => remoteStart(station(), params)],
    ['RemoteStopTransaction', (params) => remoteStop(station(), params)],
    ['TriggerMessage', (params) => triggerMessage(station(), params)],
    ['GetConfiguration', (params) => getConfiguration(station(), params)],
    ['ChangeConfiguration', (params) => changeConfiguration(station(), params)],
    ['Reset', (params) => reset(station(), params)],
    ['ClearCache', () => ({ status: 'Accepted' })],
    ['UnlockConnector', () => ({ status: 'NotSupported' })],
    ['GetLocalListVersion', () => ({ listVersion: -1 })],
  ]);

/** Lets the answer to a command leave before what the command causes. */
const afterAnswering = (act: () => void): void => {
  setImmediate(act);
};

const remoteStart = (station: Station, params: Payload): Payload => {
  const { idTag, connectorId } = params;
  const isAccepted =
    typeof idTag === 'string' &&
    station.startRemotely(idTag, typeof connectorId === 'number' ? connectorId : undefined);
  return { status: isAccepted ? 'Accepted' : 'Rejected' };
};

const remoteStop = (station: Station, params: Payload): Payload => {
  const { transactionId } = params;
  for (const { session } of station.connectors.values()) {
    if (session?.isRunning(transactionId)) {
      session.interrupt('Remote');
      return { status: 'Accepted' };
    }
  }
  return { status: 'Rejected' };
};

const triggerMessage = (station: Station, params: Payload): Payload => {
  const connectorId = typeof params['connectorId'] === 'number' ? params['connectorId'] : undefined;
  if (connectorId !== undefined && connectorId > 0 && !station.connectors.has(connectorId)) {
    return { status: 'Rejected' };
  }
  switch (params['requestedMessage']) {
    case 'BootNotification':
      afterAnswering(() => station.sendBootNotification());
      return { status: 'Accepted' };
    case 'Heartbeat':
      afterAnswering(() => station.sendHeartbeat());
      return { status: 'Accepted' };
    case 'StatusNotification':
      afterAnswering(() => station.reportStatus(connectorId));
      return { status: 'Accepted' };
    case 'MeterValues':
      afterAnswering(() => {
        for (const connector of station.connectors.values()) {
          if ((connectorId ?? connector.id) === connector.id) {
            connector.session?.sendReading('Trigger');
          }
        }
      });
      return { status: 'Accepted' };
    default:
      return { status: 'NotImplemented' };
  }
};

const getConfiguration = (station: Station, params: Payload): Payload => {
  const asked = Array.isArray(params['key']) ? params['key'].map(String) : [];
  const keys = asked.length === 0 ? [...station.configuration.keys()] : asked;
  return {
    configurationKey: keys.flatMap((key) => {
      const entry = station.configuration.get(key);
      return entry ? [{ key, readonly: entry.readonly, value: entry.value }] : [];
    }),
    unknownKey: keys.filter((key) => !station.configuration.has(key)),
  };
};

const changeConfiguration = (station: Station, params: Payload): Payload => {
  const entry = station.configuration.get(String(params['key']));
  if (!entry) return { status: 'NotSupported' };
  const value = String(params['value']);
  // Every key that can be written here is a number of seconds.
  if (entry.readonly || !/^\d{1,9}$/.test(value)) return { status: 'Rejected' };
  entry.value = value;
  return { status: 'Accepted' };
};

const reset = (station: Station, params: Payload): Payload => {
  const kind = params['type'];
  if (kind !== 'Soft' && kind !== 'Hard') return { status: 'Rejected' };
  afterAnswering(() => station.restart(kind));
  return { status: 'Accepted' };
};
