import type { ConfigurationVariable } from '@tallywatt/contracts';
import type {
  ChargerCommand,
  ConfigurationChange,
  ConfigurationReport,
  FirmwareUpdate,
  LocalListUpdate,
  MessageTrigger,
  Reset,
} from '../../domain/charger-command';
import { type CommandEnd, detailOf, endOfStatus } from '../../domain/command-end';
import type { EncodedCommand } from '../protocol';
import { fieldsOf } from '../readable';
import { certificateCommand } from './certificate-commands';
import { defaultPrice, userPrice } from './cost-messages';

const unsayable = (detail: string): EncodedCommand => ({ kind: 'unsayable', detail });

const readStatus = ({ status }: Readonly<Record<string, unknown>>): CommandEnd =>
  endOfStatus(String(status));

/** A call that is answered with a status and nothing else of interest, unless `read` knows more. */
const call = (
  action: string,
  params: object,
  read: (result: Readonly<Record<string, unknown>>) => CommandEnd = readStatus,
): EncodedCommand => ({ kind: 'call', action, params, read });

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

/** A key of 1.6 is a name and nothing else; undefined when it is more. */
const keyOf = ({ variable, ...rest }: ConfigurationVariable): string | undefined =>
  Object.keys(rest).length === 0 ? variable : undefined;

const noKey = 'a configuration key of OCPP 1.6 has no component, connector, instance or attribute';

const configurationChange = ({ variable, value }: ConfigurationChange): EncodedCommand => {
  const key = keyOf(variable);
  return key === undefined ? unsayable(noKey) : call('ChangeConfiguration', { key, value });
};

const configurationReport = ({ variables }: ConfigurationReport): EncodedCommand => {
  const keys = variables.map(keyOf);
  if (keys.includes(undefined)) return unsayable(noKey);
  const params = keys.length === 0 ? {} : { key: keys };
  return call('GetConfiguration', params, ({ configurationKey = [], unknownKey = [] }) => ({
    kind: 'accepted',
    details: [
      ...(configurationKey as readonly unknown[]).map((entry) => {
        const { key, value } = fieldsOf(entry);
        return detailOf(String(key), value);
      }),
      ...(unknownKey as readonly string[]).map((key) => detailOf(key, '(unknown to the charger)')),
    ],
  }));
};

const retriesOf = (command: Readonly<{ retries?: number; retryIntervalSeconds?: number }>) => ({
  ...(command.retries === undefined ? {} : { retries: command.retries }),
  ...(command.retryIntervalSeconds === undefined
    ? {}
    : { retryInterval: command.retryIntervalSeconds }),
});

const firmwareUpdate = (command: FirmwareUpdate, requestId: number): EncodedCommand => {
  const { location, retrieveAt, installAt, signing } = command;
  if (signing === undefined) {
    if (installAt !== undefined)
      return unsayable('OCPP 1.6 takes installAt of signed firmware only');
    const params = { location, retrieveDate: retrieveAt, ...retriesOf(command) };
    return call('UpdateFirmware', params, () => ({ kind: 'accepted', details: [] }));
  }
  const { certificate: signingCertificate, signature } = signing;
  const install = installAt === undefined ? {} : { installDateTime: installAt };
  const firmware = { location, retrieveDateTime: retrieveAt, ...install };
  return call('SignedUpdateFirmware', {
    requestId,
    firmware: { ...firmware, signingCertificate, signature },
    ...retriesOf(command),
  });
};

const localListUpdate = ({ listVersion, updateType, entries }: LocalListUpdate): EncodedCommand =>
  call('SendLocalList', {
    listVersion,
    updateType,
    localAuthorizationList: entries.map(({ token: idTag, status, expiresAt }) => ({
      idTag,
      ...(status === undefined
        ? {}
        : {
            idTagInfo: {
              status,
              ...(expiresAt === undefined ? {} : { expiryDate: expiresAt }),
            },
          }),
    })),
  });

/** 6.22: no file name means that there is nothing to upload. */
const readDiagnostics = ({ fileName }: Readonly<Record<string, unknown>>): CommandEnd =>
  typeof fileName === 'string' && fileName !== ''
    ? { kind: 'accepted', details: [detailOf('fileName', fileName)] }
    : {
        kind: 'rejected',
        reason: 'rejected-by-charger',
        detail: 'the charger has no diagnostics to upload',
        details: [],
      };

const logPeriod = ({ from, to }: Readonly<{ from?: string; to?: string }>) => ({
  ...(from === undefined ? {} : { oldestTimestamp: from }),
  ...(to === undefined ? {} : { latestTimestamp: to }),
});

/**
 * A command in the words of OCPP 1.6 (part 5) and its security whitepaper. `requestId` is the number
 * by which the charger names it later.
 */
export const encodeCommand = (command: ChargerCommand, requestId: number): EncodedCommand => {
  const place = 'connectorId' in command ? { connectorId: command.connectorId } : {};
  switch (command.type) {
    case 'Reset':
      return reset(command);
    case 'ConnectorUnlock':
      return call('UnlockConnector', place);
    case 'MessageTrigger':
      return messageTrigger(command);
    case 'RemoteStart':
      return call('RemoteStartTransaction', { idTag: command.token, ...place });
    case 'Reservation': {
      // Connector 0: whichever is free.
      const { token: idTag, connectorId = 0, expiresAt: expiryDate } = command;
      return call('ReserveNow', { connectorId, expiryDate, idTag, reservationId: requestId });
    }
    case 'ReservationCancellation':
      return call('CancelReservation', { reservationId: command.reservationNumber });
    case 'AvailabilityChange':
      return call('ChangeAvailability', { connectorId: 0, ...place, type: command.availability });
    case 'ConfigurationChange':
      return configurationChange(command);
    case 'ConfigurationReport':
      return configurationReport(command);
    case 'DiagnosticsUpload': {
      const { location, from, to } = command;
      const start = from === undefined ? {} : { startTime: from };
      const end = to === undefined ? {} : { stopTime: to };
      const params = { location, ...start, ...end, ...retriesOf(command) };
      return call('GetDiagnostics', params, readDiagnostics);
    }
    case 'LogUpload': {
      const { logType, location } = command;
      const log = { remoteLocation: location, ...logPeriod(command) };
      return call('GetLog', { logType, requestId, log, ...retriesOf(command) }, readLog);
    }
    case 'FirmwareUpdate':
      return firmwareUpdate(command, requestId);
    case 'LocalListUpdate':
      return localListUpdate(command);
    case 'LocalListVersion':
      return call('GetLocalListVersion', {}, ({ listVersion }) => ({
        kind: 'accepted',
        details: [detailOf('listVersion', listVersion)],
      }));
    case 'CacheClearing':
      return call('ClearCache', {});
    case 'VendorMessage': {
      const { type: _, ...params } = command;
      return call('DataTransfer', params);
    }
    case 'CertificateInstallation':
    case 'CertificateDeletion':
    case 'CertificateDelivery':
    case 'InstalledCertificatesReport':
      return certificateCommand(command);
    case 'PriceDisplay': {
      const { text, forToken } = command;
      return forToken === undefined
        ? call('ChangeConfiguration', defaultPrice(text))
        : call(...userPrice(forToken, text));
    }
    case 'SecurityProfileRaise': {
      const { securityProfile, networkProfile } = command;
      if (networkProfile !== undefined) return unsayable('OCPP 1.6 has no network profiles');
      const params = { key: 'SecurityProfile', value: String(securityProfile) };
      return call('ChangeConfiguration', params);
    }
    case 'BaseReport':
    case 'DisplayMessage':
    case 'DisplayMessageRemoval':
    case 'TransactionStatus':
      return unsayable(`OCPP 1.6 has no ${command.type}`);
  }
};

const readLog = ({ status, filename }: Readonly<Record<string, unknown>>): CommandEnd =>
  endOfStatus(String(status), filename === undefined ? [] : [detailOf('filename', filename)]);
