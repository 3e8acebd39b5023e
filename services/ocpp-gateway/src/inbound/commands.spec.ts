import type { ChargerCommand } from '../domain/charger-command';
import { checkedCommand } from './command-call';
import { protocols } from './protocols';

/** What a version says to a charger, its action before its payload, or why it says nothing. */
const said = (version: keyof typeof protocols, command: ChargerCommand): unknown => {
  const encoded = checkedCommand(protocols[version], command, 17);
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

const at = '2026-11-21T22:00:00.000Z';
const token = { token: 'T-1', tokenType: 'Central', tokenRef: 'r', decisionId: 'd' } as const;

describe('every command', () => {
  /** What both versions say; a text where one of them cannot. */
  const table: readonly [ChargerCommand, unknown, unknown][] = [
    [
      { type: 'RemoteStart', ...token, connectorId: 1 },
      { RemoteStartTransaction: { idTag: 'T-1', connectorId: 1 } },
      {
        RequestStartTransaction: {
          idToken: { idToken: 'T-1', type: 'Central' },
          remoteStartId: 17,
          evseId: 1,
        },
      },
    ],
    [
      { type: 'Reservation', ...token, expiresAt: at },
      { ReserveNow: { connectorId: 0, expiryDate: at, idTag: 'T-1', reservationId: 17 } },
      {
        ReserveNow: { id: 17, expiryDateTime: at, idToken: { idToken: 'T-1', type: 'Central' } },
      },
    ],
    [
      { type: 'ReservationCancellation', reservationId: 'x', reservationNumber: 9 },
      { CancelReservation: { reservationId: 9 } },
      { CancelReservation: { reservationId: 9 } },
    ],
    [
      { type: 'AvailabilityChange', availability: 'Inoperative' },
      { ChangeAvailability: { connectorId: 0, type: 'Inoperative' } },
      { ChangeAvailability: { operationalStatus: 'Inoperative' } },
    ],
    [
      { type: 'ConfigurationChange', variable: { variable: 'K' }, value: '1' },
      { ChangeConfiguration: { key: 'K', value: '1' } },
      'a variable of OCPP 2.0.1 is of a component',
    ],
    [
      {
        type: 'ConfigurationReport',
        variables: [{ component: 'C', variable: 'V', connectorId: 2 }],
      },
      'a configuration key of OCPP 1.6 has no component, connector, instance or attribute',
      {
        GetVariables: {
          getVariableData: [{ component: { name: 'C', evse: { id: 2 } }, variable: { name: 'V' } }],
        },
      },
    ],
    [
      { type: 'BaseReport', reportBase: 'FullInventory' },
      'OCPP 1.6 has no BaseReport',
      { GetBaseReport: { requestId: 17, reportBase: 'FullInventory' } },
    ],
    [
      { type: 'DiagnosticsUpload', location: 'ftp://a/b', from: at, retries: 2 },
      { GetDiagnostics: { location: 'ftp://a/b', startTime: at, retries: 2 } },
      {
        GetLog: {
          logType: 'DiagnosticsLog',
          requestId: 17,
          log: { remoteLocation: 'ftp://a/b', oldestTimestamp: at },
          retries: 2,
        },
      },
    ],
    [
      { type: 'FirmwareUpdate', location: 'https://a/b', retrieveAt: at },
      { UpdateFirmware: { location: 'https://a/b', retrieveDate: at } },
      {
        UpdateFirmware: {
          requestId: 17,
          firmware: { location: 'https://a/b', retrieveDateTime: at },
        },
      },
    ],
    [
      {
        type: 'FirmwareUpdate',
        location: 'https://a/b',
        retrieveAt: at,
        signing: { certificate: 'c', signature: 's' },
      },
      {
        SignedUpdateFirmware: {
          requestId: 17,
          firmware: {
            location: 'https://a/b',
            retrieveDateTime: at,
            signingCertificate: 'c',
            signature: 's',
          },
        },
      },
      {
        UpdateFirmware: {
          requestId: 17,
          firmware: {
            location: 'https://a/b',
            retrieveDateTime: at,
            signingCertificate: 'c',
            signature: 's',
          },
        },
      },
    ],
    [
      {
        type: 'LocalListUpdate',
        listVersion: 2,
        updateType: 'Differential',
        entries: [
          { token: 'A', tokenType: 'Central', status: 'Accepted', expiresAt: at },
          { token: 'B', tokenType: 'Central' },
        ],
      },
      {
        SendLocalList: {
          listVersion: 2,
          updateType: 'Differential',
          localAuthorizationList: [
            { idTag: 'A', idTagInfo: { status: 'Accepted', expiryDate: at } },
            { idTag: 'B' },
          ],
        },
      },
      {
        SendLocalList: {
          versionNumber: 2,
          updateType: 'Differential',
          localAuthorizationList: [
            {
              idToken: { idToken: 'A', type: 'Central' },
              idTokenInfo: { status: 'Accepted', cacheExpiryDateTime: at },
            },
            { idToken: { idToken: 'B', type: 'Central' } },
          ],
        },
      },
    ],
    [{ type: 'LocalListVersion' }, { GetLocalListVersion: {} }, { GetLocalListVersion: {} }],
    [{ type: 'CacheClearing' }, { ClearCache: {} }, { ClearCache: {} }],
    [
      { type: 'VendorMessage', vendorId: 'v', data: 'd' },
      { DataTransfer: { vendorId: 'v', data: 'd' } },
      { DataTransfer: { vendorId: 'v', data: 'd' } },
    ],
    [
      { type: 'DisplayMessage', messageId: 1, priority: 'InFront', text: 'Hi', format: 'UTF8' },
      'OCPP 1.6 has no DisplayMessage',
      {
        SetDisplayMessage: {
          message: { id: 1, priority: 'InFront', message: { format: 'UTF8', content: 'Hi' } },
        },
      },
    ],
    [
      { type: 'PriceDisplay', text: '0.49 EUR/kWh' },
      { ChangeConfiguration: { key: 'DefaultPrice', value: '{"priceText":"0.49 EUR/kWh"}' } },
      {
        SetVariables: {
          setVariableData: [
            {
              component: { name: 'TariffCostCtrlr' },
              variable: { name: 'TariffFallbackMessage' },
              attributeValue: '0.49 EUR/kWh',
            },
          ],
        },
      },
    ],
    [
      { type: 'PriceDisplay', text: '0.39 EUR/kWh', forToken: 'T-1' },
      {
        DataTransfer: {
          vendorId: 'org.openchargealliance.costmsg',
          messageId: 'SetUserPrice',
          data: '{"idToken":"T-1","priceText":"0.39 EUR/kWh"}',
        },
      },
      'OCPP 2.0.1 has no message for the price of one token',
    ],
    [
      { type: 'DisplayMessageRemoval', messageId: 1 },
      'OCPP 1.6 has no DisplayMessageRemoval',
      { ClearDisplayMessage: { id: 1 } },
    ],
    [
      { type: 'TransactionStatus', sessionId: 's', ocppTransactionId: 'tx' },
      'OCPP 1.6 has no TransactionStatus',
      { GetTransactionStatus: { transactionId: 'tx' } },
    ],
  ];

  it.each(table)('$type is said as its standard has it', (command, in16, in201) =>
    expect(both(command)).toEqual([in16, in201]),
  );

  it('longer than a version allows is not said', () =>
    expect(said('ocpp1.6', { type: 'RemoteStart', ...token, token: 'x'.repeat(21) })).toEqual(
      expect.stringContaining('RemoteStartTransaction'),
    ));
});

describe('an answer', () => {
  const heard = (version: keyof typeof protocols, command: ChargerCommand, result: object) => {
    const encoded = checkedCommand(protocols[version], command);
    if (encoded.kind !== 'call') throw new Error(encoded.detail);
    return encoded.read(result as Readonly<Record<string, unknown>>);
  };

  it('of 1.6 to a report names keys, but for secrets', () =>
    expect(
      heard(
        'ocpp1.6',
        { type: 'ConfigurationReport', variables: [] },
        {
          configurationKey: [
            { key: 'HeartbeatInterval', readonly: false, value: '300' },
            { key: 'AuthorizationKey', readonly: false, value: 'secret' },
          ],
          unknownKey: ['Nope'],
        },
      ),
    ).toEqual({
      kind: 'accepted',
      details: [
        { name: 'HeartbeatInterval', value: '300' },
        { name: 'AuthorizationKey' },
        { name: 'Nope', value: '(unknown to the charger)' },
      ],
    }));

  it('of 2.0.1 to a report names components and variables', () =>
    expect(
      heard(
        'ocpp2.0.1',
        { type: 'ConfigurationReport', variables: [{ component: 'C', variable: 'V' }] },
        {
          getVariableResult: [
            {
              attributeStatus: 'Accepted',
              attributeValue: '5',
              component: { name: 'C', evse: { id: 2 } },
              variable: { name: 'V', instance: 'a' },
            },
            {
              attributeStatus: 'UnknownVariable',
              component: { name: 'C' },
              variable: { name: 'W' },
            },
          ],
        },
      ),
    ).toEqual({
      kind: 'accepted',
      details: [
        { name: 'C@2.V[a]', value: '5' },
        { name: 'C.W', value: '(UnknownVariable)' },
      ],
    }));

  it('without a file is no diagnostics', () =>
    expect(heard('ocpp1.6', { type: 'DiagnosticsUpload', location: 'ftp://a' }, {})).toMatchObject({
      kind: 'rejected',
      reason: 'rejected-by-charger',
    }));
});
