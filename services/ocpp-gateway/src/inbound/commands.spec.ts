import type { ChargerCommand } from '../domain/charger-command';
import { checkedCommand } from './command-call';
import { protocols } from './protocols';

/** What a version says to a charger, its action before its payload, or why it says nothing. */
const said = (version: keyof typeof protocols, command: ChargerCommand): unknown => {
  const encoded = checkedCommand(protocols[version], command);
  return encoded.kind === 'call' ? { [encoded.action]: encoded.params } : encoded.detail;
};
const both = (command: ChargerCommand): unknown[] => [
  said('ocpp1.6', command),
  said('ocpp2.0.1', command),
];

describe('a reset', () => {
  it('that ends transactions first is a soft one of 1.6', () =>
    expect(both({ type: 'Reset', resetType: 'Immediate' })).toEqual([
      { Reset: { type: 'Soft' } },
      { Reset: { type: 'Immediate' } },
    ]));

  it('is said where a version knows it', () => {
    expect(both({ type: 'Reset', resetType: 'Hard' })).toEqual([
      { Reset: { type: 'Hard' } },
      'OCPP 2.0.1 resets Immediate or OnIdle',
    ]);
    expect(both({ type: 'Reset', resetType: 'OnIdle', connectorId: 302 })).toEqual([
      'OCPP 1.6 cannot wait for a charger to be idle',
      { Reset: { type: 'OnIdle', evseId: 3 } },
    ]);
  });
});

describe('a connector', () => {
  it('is an EVSE of 2.0.1, or a further connector of one', () => {
    expect(both({ type: 'ConnectorUnlock', connectorId: 2 })).toEqual([
      { UnlockConnector: { connectorId: 2 } },
      { UnlockConnector: { evseId: 2, connectorId: 1 } },
    ]);
    expect(said('ocpp2.0.1', { type: 'ConnectorUnlock', connectorId: 302 })).toEqual({
      UnlockConnector: { evseId: 3, connectorId: 2 },
    });
  });
});

describe('a message', () => {
  it('is asked for by the name that a version has for it', () => {
    expect(both({ type: 'MessageTrigger', message: 'LogStatusNotification' })).toEqual([
      { ExtendedTriggerMessage: { requestedMessage: 'LogStatusNotification' } },
      { TriggerMessage: { requestedMessage: 'LogStatusNotification' } },
    ]);
    expect(both({ type: 'MessageTrigger', message: 'TransactionEvent', connectorId: 1 })).toEqual([
      'OCPP 1.6 has no TransactionEvent',
      { TriggerMessage: { requestedMessage: 'TransactionEvent', evse: { id: 1 } } },
    ]);
  });
});
