import type { SecurityProfileRaise } from '../../domain/charger-command';
import { endOfStatus } from '../../domain/command-end';
import type { EncodedCommand, SayableCommand } from '../protocol';
import { fieldsOf, itemsOf } from '../readable';
import { statusDetails } from './status-info';

/**
 * OCPP 2.0.1 part 2, A05 and B09: a network profile of the higher security profile, and then its place
 * among the others. The station uses it when it next connects or restarts.
 */
export const securityProfileRaise = (command: SecurityProfileRaise): EncodedCommand => {
  const { securityProfile, networkProfile } = command;
  if (networkProfile === undefined) {
    return { kind: 'unsayable', detail: 'OCPP 2.0.1 needs a networkProfile for it' };
  }
  const { slot, csmsUrl, messageTimeoutSeconds, networkInterface, priority } = networkProfile;
  const next: SayableCommand = {
    kind: 'call',
    action: 'SetVariables',
    params: {
      setVariableData: [
        {
          component: { name: 'OCPPCommCtrlr' },
          variable: { name: 'NetworkConfigurationPriority' },
          attributeValue: priority.join(','),
        },
      ],
    },
    read: ({ setVariableResult }) => {
      const { attributeStatus, attributeStatusInfo } = fieldsOf(itemsOf(setVariableResult)[0]);
      return endOfStatus(String(attributeStatus), statusDetails(attributeStatusInfo));
    },
  };
  return {
    kind: 'call',
    action: 'SetNetworkProfile',
    params: {
      configurationSlot: slot,
      connectionData: {
        ocppVersion: 'OCPP20',
        ocppTransport: 'JSON',
        ocppCsmsUrl: csmsUrl,
        messageTimeout: messageTimeoutSeconds,
        securityProfile,
        ocppInterface: networkInterface,
      },
    },
    read: ({ status, statusInfo }) => endOfStatus(String(status), statusDetails(statusInfo)),
    next,
  };
};
