import type { CommandHandler } from '../connection';
import type { Payload } from '../message-lane';
import type { Station } from '../station';

/**
 * What the server may ask of the charger. Anything not listed here is answered with the CALLERROR
 * NotImplemented.
 */
export const commands = (station: () => Station): ReadonlyMap<string, CommandHandler> =>
  new Map<string, CommandHandler>([
    ['RequestStartTransaction', (params) => requestStart(station(), params)],
    ['RequestStopTransaction', (params) => requestStop(station(), params)],
    ['TriggerMessage', (params) => triggerMessage(station(), params)],
    ['Reset', (params) => reset(station(), params)],
    ['ClearCache', () => ({ status: 'Accepted' })],
  ]);

/** Lets the answer to a command leave before what the command causes. */
const afterAnswering = (act: () => void): void => {
  setImmediate(act);
};

const partOf = (params: Payload, part: string): Payload => {
  const value = params[part];
  return typeof value === 'object' && value !== null ? (value as Payload) : {};
};

const requestStart = (station: Station, params: Payload): Payload => {
  const { idToken } = partOf(params, 'idToken');
  const { evseId } = params;
  const isAccepted =
    typeof idToken === 'string' &&
    station.startRemotely(idToken, typeof evseId === 'number' ? evseId : undefined);
  return { status: isAccepted ? 'Accepted' : 'Rejected' };
};

const requestStop = (station: Station, { transactionId }: Payload): Payload => {
  for (const { session } of station.connectors.values()) {
    if (session?.isRunning(transactionId)) {
      session.interrupt('Remote');
      return { status: 'Accepted' };
    }
  }
  return { status: 'Rejected' };
};

const triggerMessage = (station: Station, params: Payload): Payload => {
  const { id } = partOf(params, 'evse');
  const evseId = typeof id === 'number' ? id : undefined;
  if (evseId !== undefined && !station.connectors.has(evseId)) return { status: 'Rejected' };
  switch (params['requestedMessage']) {
    case 'BootNotification':
      afterAnswering(() => station.sendBootNotification());
      return { status: 'Accepted' };
    case 'Heartbeat':
      afterAnswering(() => station.sendHeartbeat());
      return { status: 'Accepted' };
    case 'StatusNotification':
      afterAnswering(() => station.reportStatus(evseId));
      return { status: 'Accepted' };
    case 'TransactionEvent':
      afterAnswering(() => {
        for (const connector of station.connectors.values()) {
          if ((evseId ?? connector.id) === connector.id) connector.session?.sendReading('Trigger');
        }
      });
      return { status: 'Accepted' };
    default:
      return { status: 'NotImplemented' };
  }
};

const reset = (station: Station, params: Payload): Payload => {
  const kind = params['type'];
  if (kind !== 'Immediate' && kind !== 'OnIdle') return { status: 'Rejected' };
  afterAnswering(() => station.restart(kind === 'Immediate' ? 'Hard' : 'Soft'));
  return { status: 'Accepted' };
};
