import type { ChargerCommand } from './charger-command';
import { detailOf, endOfStatus } from './command-end';
import { shownLocation, shownOf } from './shown-command';

const secrets: readonly [ChargerCommand, object][] = [
  [
    {
      type: 'RemoteStart',
      token: 'SECRET',
      tokenType: 'Central',
      tokenRef: 'ref-1',
      decisionId: 'd-1',
      connectorId: 2,
    },
    { type: 'RemoteStartRequested', tokenRef: 'ref-1', decisionId: 'd-1', connectorId: 2 },
  ],
  [
    {
      type: 'LocalListUpdate',
      listVersion: 3,
      updateType: 'Full',
      entries: [{ token: 'SECRET', tokenType: 'ISO14443', status: 'Accepted' }],
    },
    { type: 'LocalListUpdateRequested', listVersion: 3, updateType: 'Full', entryCount: 1 },
  ],
  [
    { type: 'VendorMessage', vendorId: 'com.example', data: 'SECRET' },
    { type: 'VendorMessageRequested', vendorId: 'com.example' },
  ],
  [
    { type: 'PriceDisplay', text: '0.49 EUR/kWh', forToken: 'SECRET' },
    { type: 'PriceDisplayRequested', text: '0.49 EUR/kWh', isForOneToken: true },
  ],
  [
    { type: 'ConfigurationChange', variable: { variable: 'WifiPassword' }, value: 'SECRET' },
    { type: 'ConfigurationChangeRequested', variable: { variable: 'WifiPassword' } },
  ],
  [
    {
      type: 'FirmwareUpdate',
      location: 'ftp://user:SECRET@fw.example/a/b.bin?sig=SECRET#SECRET',
      retrieveAt: '2026-11-21T22:00:00.000Z',
    },
    {
      type: 'FirmwareUpdateRequested',
      location: 'ftp://fw.example/a/b.bin',
      retrieveAt: '2026-11-21T22:00:00.000Z',
      isSigned: false,
    },
  ],
];

it.each(secrets)('leaves what may be in no event out of $type', (command, shown) => {
  expect(shownOf(command)).toEqual(shown);
  expect(JSON.stringify(shownOf(command))).not.toContain('SECRET');
});

it('says all of what is no secret', () =>
  expect(
    shownOf({ type: 'ConfigurationChange', variable: { variable: 'Interval' }, value: '300' }),
  ).toEqual({
    type: 'ConfigurationChangeRequested',
    variable: { variable: 'Interval' },
    value: '300',
  }));

it('keeps addresses that have nothing to hide', () =>
  expect(shownLocation('https://a.example/b@c')).toBe('https://a.example/b@c'));

it('leaves the value of a secret out of an answer', () => {
  expect(detailOf('AuthorizationKey', 'x')).toEqual({ name: 'AuthorizationKey' });
  expect(detailOf('HeartbeatInterval', 300)).toEqual({ name: 'HeartbeatInterval', value: '300' });
});

it.each(['Rejected', 'Faulted', 'Occupied', 'UnlockFailed', 'NotSupported', 'EmptyResultSet'])(
  'takes %s for a refusal',
  (status) => expect(endOfStatus(status)).toMatchObject({ kind: 'rejected', status }),
);
