import type { CommandRequested } from '@tallywatt/contracts';
import type { ChargerCommand } from './charger-command';
import { isSecretName, withoutAddressSecrets } from './secret-names';

type Identity = 'cpoId' | 'commandId' | 'chargePointId' | 'requestedBy';
type Shown<Event> = Event extends CommandRequested ? Omit<Event, Identity> : never;

/** A command as everybody may know it: the event of its request, but for whom and whose it is. */
export type ShownCommand = Shown<CommandRequested>;

/** An address without what may be a password: user, query and fragment. */
export const shownLocation = (location: string): string =>
  location.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i, '$1');

/** Leaves out what may be in no event: tokens, passwords, vendors' data. */
export const shownOf = (command: ChargerCommand): ShownCommand => {
  switch (command.type) {
    case 'RemoteStart':
    case 'Reservation': {
      const { type, token: _token, tokenType: _type, ...shown } = command;
      return { type: `${type}Requested`, ...shown } as ShownCommand;
    }
    case 'ReservationCancellation':
      return {
        type: 'ReservationCancellationRequested',
        reservationId: command.reservationId,
      };
    case 'ConfigurationChange': {
      const { variable } = command;
      const isShown = !isSecretName(variable.variable);
      const value = withoutAddressSecrets(command.value);
      return { type: 'ConfigurationChangeRequested', variable, ...(isShown ? { value } : {}) };
    }
    case 'DiagnosticsUpload':
    case 'LogUpload': {
      const { type, ...shown } = command;
      const location = shownLocation(command.location);
      return { ...shown, type: `${type}Requested`, location } as ShownCommand;
    }
    case 'FirmwareUpdate': {
      const { type: _, signing, ...shown } = command;
      const location = shownLocation(command.location);
      const isSigned = signing !== undefined;
      return { ...shown, type: 'FirmwareUpdateRequested', location, isSigned };
    }
    case 'CertificateInstallation': {
      const { certificateUse, fingerprintSha256 } = command;
      return { type: 'CertificateInstallationRequested', certificateUse, fingerprintSha256 };
    }
    case 'SecurityProfileRaise': {
      const { securityProfile, networkProfile } = command;
      const { slot: networkProfileSlot, csmsUrl } = networkProfile ?? {};
      return {
        type: 'SecurityProfileRaiseRequested',
        securityProfile,
        ...(networkProfileSlot === undefined ? {} : { networkProfileSlot }),
        ...(csmsUrl === undefined ? {} : { csmsUrl: shownLocation(csmsUrl) }),
      };
    }
    case 'CertificateDelivery': {
      const { rotationId, fingerprintSha256 } = command;
      return { type: 'CertificateDeliveryRequested', rotationId, fingerprintSha256 };
    }
    case 'LocalListUpdate': {
      const { listVersion, updateType, entries } = command;
      const entryCount = entries.length;
      return { type: 'LocalListUpdateRequested', listVersion, updateType, entryCount };
    }
    case 'VendorMessage': {
      const { type: _, data: _data, ...shown } = command;
      return { type: 'VendorMessageRequested', ...shown };
    }
    case 'PriceDisplay': {
      const { text, forToken } = command;
      return { type: 'PriceDisplayRequested', text, isForOneToken: forToken !== undefined };
    }
    case 'DisplayMessage':
    case 'TransactionStatus': {
      const { type, ocppTransactionId: _, ...shown } = command;
      return { type: `${type}Requested`, ...shown } as ShownCommand;
    }
    default: {
      const { type, ...parameters } = command;
      // Each of these says the same in the event as in the command.
      return { type: `${type}Requested`, ...parameters } as ShownCommand;
    }
  }
};
