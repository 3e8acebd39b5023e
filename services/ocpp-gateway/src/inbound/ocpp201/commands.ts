import type { ConfigurationVariable } from '@tallywatt/contracts';
import type {
  ChargerCommand,
  ClearToken,
  ConfigurationChange,
  ConfigurationReport,
  DisplayMessage,
  PriceDisplay,
  FirmwareUpdate,
  LocalListUpdate,
  MessageTrigger,
  Reset,
} from '../../domain/charger-command';
import { type CommandEnd, detailOf, endOfStatus } from '../../domain/command-end';
import type { EncodedCommand } from '../protocol';
import { fieldsOf } from '../readable';
import { certificateCommand } from './certificate-commands';
import { evseOf } from './evse';
import { securityProfileRaise } from './security-profile-raise';
import { statusDetails } from './status-info';
import { variableName } from './variable-name';

type Result = Readonly<Record<string, unknown>>;

const unsayable = (detail: string): EncodedCommand => ({ kind: 'unsayable', detail });

/** The status with its reasons, and with what else is in fields of these names. */
const readStatus =
  (...names: readonly string[]) =>
  (result: Result): CommandEnd =>
    endOfStatus(String(result['status']), [
      ...statusDetails(result['statusInfo']),
      ...names
        .filter((name) => result[name] !== undefined)
        .map((name) => detailOf(name, result[name])),
    ]);

/** A call that is answered with a status and nothing else of interest, unless `read` knows more. */
const call = (
  action: string,
  params: object,
  read: (result: Result) => CommandEnd = readStatus(),
): EncodedCommand => ({ kind: 'call', action, params, read });

/** What an answer without a status says. */
const readDetails =
  (...names: readonly string[]) =>
  (result: Result): CommandEnd => ({
    kind: 'accepted',
    details: names
      .filter((name) => result[name] !== undefined)
      .map((name) => detailOf(name, result[name])),
  });

const evseIn = ({ connectorId }: Readonly<{ connectorId?: number | undefined }>) =>
  connectorId === undefined ? {} : { evseId: evseOf(connectorId).id };
const withConnector = (connector: number) => ({ connectorId: 1, ...evseOf(connector) });
const idTokenOf = ({ token: idToken, tokenType: type }: ClearToken) => ({ idToken, type });

const reset = (command: Reset): EncodedCommand =>
  command.resetType === 'Hard'
    ? unsayable('OCPP 2.0.1 resets Immediate or OnIdle')
    : call('Reset', { type: command.resetType, ...evseIn(command) });

const messageTrigger = ({ message, connectorId }: MessageTrigger): EncodedCommand => {
  if (message === 'DiagnosticsStatusNotification') {
    return unsayable('OCPP 2.0.1 has LogStatusNotification in its place');
  }
  if (connectorId === undefined) return call('TriggerMessage', { requestedMessage: message });
  // StatusNotification is of a connector (F06.FR.12), the others of an EVSE.
  const isOfConnector = message === 'StatusNotification';
  const evse = isOfConnector ? withConnector(connectorId) : evseOf(connectorId);
  return call('TriggerMessage', { requestedMessage: message, evse });
};

const variableOf = (one: ConfigurationVariable): object | undefined => {
  const { component, componentInstance, connectorId, variable, variableInstance } = one;
  if (component === undefined) return undefined;
  return {
    component: {
      name: component,
      ...(componentInstance === undefined ? {} : { instance: componentInstance }),
      ...(connectorId === undefined ? {} : { evse: evseOf(connectorId) }),
    },
    variable: {
      name: variable,
      ...(variableInstance === undefined ? {} : { instance: variableInstance }),
    },
    ...(one.attributeType === undefined ? {} : { attributeType: one.attributeType }),
  };
};

const noComponent = 'a variable of OCPP 2.0.1 is of a component';

const configurationChange = ({ variable, value }: ConfigurationChange): EncodedCommand => {
  const named = variableOf(variable);
  if (named === undefined) return unsayable(noComponent);
  const params = { setVariableData: [{ ...named, attributeValue: value }] };
  return call('SetVariables', params, ({ setVariableResult }) => {
    const { attributeStatus, attributeStatusInfo } = fieldsOf(
      (setVariableResult as readonly unknown[])[0],
    );
    return endOfStatus(String(attributeStatus), statusDetails(attributeStatusInfo));
  });
};

const configurationReport = ({ variables }: ConfigurationReport): EncodedCommand => {
  const named = variables.map(variableOf);
  if (named.length === 0) return unsayable('OCPP 2.0.1 says all variables in a BaseReport');
  if (named.includes(undefined)) return unsayable(noComponent);
  return call('GetVariables', { getVariableData: named }, ({ getVariableResult }) => ({
    kind: 'accepted',
    details: (getVariableResult as readonly unknown[]).map((one) => {
      const { attributeStatus, attributeValue } = fieldsOf(one);
      const value =
        attributeStatus === 'Accepted' ? attributeValue : `(${String(attributeStatus)})`;
      return detailOf(variableName(one), value);
    }),
  }));
};

const retriesOf = (command: Readonly<{ retries?: number; retryIntervalSeconds?: number }>) => ({
  ...(command.retries === undefined ? {} : { retries: command.retries }),
  ...(command.retryIntervalSeconds === undefined
    ? {}
    : { retryInterval: command.retryIntervalSeconds }),
});

const firmwareUpdate = (command: FirmwareUpdate, requestId: number): EncodedCommand => {
  const { location, retrieveAt: retrieveDateTime, installAt, signing } = command;
  return call('UpdateFirmware', {
    requestId,
    firmware: {
      location,
      retrieveDateTime,
      ...(installAt === undefined ? {} : { installDateTime: installAt }),
      ...(signing === undefined
        ? {}
        : { signingCertificate: signing.certificate, signature: signing.signature }),
    },
    ...retriesOf(command),
  });
};

const localListUpdate = ({ listVersion, updateType, entries }: LocalListUpdate): EncodedCommand =>
  call('SendLocalList', {
    versionNumber: listVersion,
    updateType,
    // An empty list is said by leaving it out (D01.FR.17).
    ...(entries.length === 0
      ? {}
      : {
          localAuthorizationList: entries.map(({ status, expiresAt, ...token }) => ({
            idToken: idTokenOf(token),
            ...(status === undefined
              ? {}
              : {
                  idTokenInfo: {
                    status,
                    ...(expiresAt === undefined ? {} : { cacheExpiryDateTime: expiresAt }),
                  },
                }),
          })),
        }),
  });

/** Part 2, I04; what a known driver pays is said in the answer to Authorize, not by a message. */
const priceDisplay = ({ text: value, forToken }: PriceDisplay): EncodedCommand =>
  forToken === undefined
    ? configurationChange({
        type: 'ConfigurationChange',
        variable: { component: 'TariffCostCtrlr', variable: 'TariffFallbackMessage' },
        value,
      })
    : unsayable('OCPP 2.0.1 has no message for the price of one token');

const displayMessage = (command: DisplayMessage): EncodedCommand => {
  const { messageId: id, priority, state, text: content, format, language } = command;
  const { from, to, ocppTransactionId } = command;
  return call('SetDisplayMessage', {
    message: {
      id,
      priority,
      ...(state === undefined ? {} : { state }),
      ...(from === undefined ? {} : { startDateTime: from }),
      ...(to === undefined ? {} : { endDateTime: to }),
      ...(ocppTransactionId === undefined ? {} : { transactionId: ocppTransactionId }),
      message: { format, content, ...(language === undefined ? {} : { language }) },
    },
  });
};

const logUpload = (
  logType: string,
  command: Extract<ChargerCommand, { type: 'LogUpload' | 'DiagnosticsUpload' }>,
  requestId: number,
): EncodedCommand => {
  const { location: remoteLocation, from, to } = command;
  const start = from === undefined ? {} : { oldestTimestamp: from };
  const end = to === undefined ? {} : { latestTimestamp: to };
  const log = { remoteLocation, ...start, ...end };
  return call('GetLog', { logType, requestId, log, ...retriesOf(command) }, readStatus('filename'));
};

/**
 * A command in the words of OCPP 2.0.1, part 2. `requestId` is the number by which the station names
 * it later.
 */
export const encodeCommand = (command: ChargerCommand, requestId: number): EncodedCommand => {
  switch (command.type) {
    case 'Reset':
      return reset(command);
    case 'ConnectorUnlock': {
      const { id: evseId, connectorId } = withConnector(command.connectorId);
      return call('UnlockConnector', { evseId, connectorId });
    }
    case 'MessageTrigger':
      return messageTrigger(command);
    case 'RemoteStart': {
      const params = { idToken: idTokenOf(command), remoteStartId: requestId, ...evseIn(command) };
      return call('RequestStartTransaction', params, readStatus('transactionId'));
    }
    case 'Reservation': {
      const params = { id: requestId, expiryDateTime: command.expiresAt };
      return call('ReserveNow', { ...params, idToken: idTokenOf(command), ...evseIn(command) });
    }
    case 'ReservationCancellation':
      return call('CancelReservation', { reservationId: command.reservationNumber });
    case 'AvailabilityChange': {
      const { availability: operationalStatus, connectorId } = command;
      const evse = connectorId === undefined ? {} : { evse: evseOf(connectorId) };
      return call('ChangeAvailability', { operationalStatus, ...evse });
    }
    case 'ConfigurationChange':
      return configurationChange(command);
    case 'ConfigurationReport':
      return configurationReport(command);
    case 'BaseReport':
      return call('GetBaseReport', { requestId, reportBase: command.reportBase });
    case 'DiagnosticsUpload':
      return logUpload('DiagnosticsLog', command, requestId);
    case 'LogUpload':
      return logUpload(command.logType, command, requestId);
    case 'FirmwareUpdate':
      return firmwareUpdate(command, requestId);
    case 'LocalListUpdate':
      return localListUpdate(command);
    case 'LocalListVersion':
      return call('GetLocalListVersion', {}, ({ versionNumber }) => ({
        kind: 'accepted',
        details: [detailOf('listVersion', versionNumber)],
      }));
    case 'CacheClearing':
      return call('ClearCache', {});
    case 'VendorMessage': {
      const { type: _, ...params } = command;
      return call('DataTransfer', params);
    }
    case 'DisplayMessage':
      return displayMessage(command);
    case 'PriceDisplay':
      return priceDisplay(command);
    case 'DisplayMessageRemoval':
      return call('ClearDisplayMessage', { id: command.messageId });
    case 'CertificateInstallation':
    case 'CertificateDeletion':
    case 'CertificateDelivery':
    case 'InstalledCertificatesReport':
      return certificateCommand(command);
    case 'SecurityProfileRaise':
      return securityProfileRaise(command);
    case 'TransactionStatus': {
      const { ocppTransactionId: transactionId } = command;
      const params = transactionId === undefined ? {} : { transactionId };
      return call(
        'GetTransactionStatus',
        params,
        readDetails('ongoingIndicator', 'messagesInQueue'),
      );
    }
  }
};
