import { shownLocation } from './domain/shown-command';
import { detailOf } from './domain/command-end';
import { withoutAddressSecrets } from './domain/secret-names';
import { sensitivePartsOf } from './domain/frame-privacy';
import { commandSchema } from './inbound/command-schema';
import { maskedFrame } from './outbound/storable-text';

const stored = (text: string): string => {
  const parts = sensitivePartsOf(text);
  if (parts === undefined) return '(whole)';
  let out = '';
  let at = 0;
  for (const part of parts) {
    out += `${text.slice(at, part.from)}<${part.kind}>`;
    at = part.to;
  }
  return out + text.slice(at);
};

describe('a secret that the event of a command leaves out', () => {
  it.each(['WifiPsk', 'ModemPin', 'ApnCredential', 'ApiToken', 'MasterKey', 'FtpPasswd'])(
    'is in no raw frame either: ChangeConfiguration of %s',
    (key) => {
      expect(
        stored(JSON.stringify([2, '1', 'ChangeConfiguration', { key, value: 'S3CRET' }])),
      ).not.toContain('S3CRET');
    },
  );
  it('is in no raw frame either: SetVariables', () => {
    const variable = {
      component: { name: 'Wifi' },
      variable: { name: 'Psk' },
      attributeValue: 'S3CRET',
    };
    expect(
      stored(JSON.stringify([2, '1', 'SetVariables', { setVariableData: [variable] }])),
    ).not.toContain('S3CRET');
  });
  it('is in no raw frame of NotifyReport', () => {
    const reportData = [
      {
        component: { name: 'SecurityCtrlr' },
        variable: { name: 'BasicAuthPassword' },
        variableAttribute: [{ type: 'Actual', value: 'S3CRET' }],
      },
    ];
    const params = { requestId: 1, generatedAt: '2026-11-20T10:00:00Z', seqNo: 0, reportData };
    expect(stored(JSON.stringify([2, '1', 'NotifyReport', params]))).not.toContain('S3CRET');
  });
  it('is in no raw frame: the query of an address', () => {
    const location = 'https://files.example/fw.bin?sig=S3CRET';
    expect(shownLocation(location)).not.toContain('S3CRET');
    expect(
      stored(
        JSON.stringify([
          2,
          '1',
          'UpdateFirmware',
          { location, retrieveDate: '2026-11-20T10:00:00Z' },
        ]),
      ),
    ).not.toContain('S3CRET');
  });
  it('is in no raw frame: a password with an @', () => {
    const location = 'ftp://user:pa@S3CRET@files.example/fw.bin';
    expect(shownLocation(location)).not.toContain('S3CRET');
    expect(
      stored(
        JSON.stringify([
          2,
          '1',
          'UpdateFirmware',
          { location, retrieveDate: '2026-11-20T10:00:00Z' },
        ]),
      ),
    ).not.toContain('S3CRET');
  });
});

it('shows no password of an address, also with a slash in it, unless it refuses it', () => {
  for (const location of [
    'ftp://user:S3C/RET@files.example/fw.bin',
    'ftp://user:S3C?RET@files.example/fw.bin',
    'ftp://user:S3C#RET@files.example/fw.bin',
  ]) {
    const said = { command: 'DiagnosticsUpload', parameters: { location } };
    const taken = commandSchema.safeParse(said);
    const shown = taken.success ? shownLocation(location) : '';
    expect(shown).not.toContain('S3C');
  }
});

it('leaves out a secret of a variable with an instance', () => {
  expect(detailOf('SecurityCtrlr.SharedKey[1]', 'S3CRET')).toEqual({
    name: 'SecurityCtrlr.SharedKey[1]',
  });
});
it.each(['FreeVendIdTag', 'FreevendIdTag', 'OfflineIdTag', 'DefaultIdTag'])(
  'leaves out the tag that %s is',
  (name) => {
    expect(detailOf(name, '04A1B2C3')).toEqual({ name });
  },
);
it.each(['GprsPwd', 'WebLoginPass'])('leaves out the password that %s is', (name) => {
  expect(detailOf(name, 'S3CRET')).toEqual({ name });
});
it('leaves out credentials in an address that a charger says', () => {
  expect(
    JSON.stringify(detailOf('ConnectionUrl', 'wss://cp1:S3CRET@csms.example/ocpp')),
  ).not.toContain('S3CRET');
});
it('masks the tag of raw frames of FreeVendIdTag', () => {
  expect(
    stored(
      JSON.stringify([2, '1', 'ChangeConfiguration', { key: 'FreeVendIdTag', value: '04A1B2C3' }]),
    ),
  ).not.toContain('04A1B2C3');
});

it('leaves settings alone that only sound like a secret', () => {
  expect(detailOf('KeyboardLayout', 'de')).toEqual({ name: 'KeyboardLayout', value: 'de' });
  const text = JSON.stringify([2, '1', 'ChangeConfiguration', { key: 'Interval', value: '300' }]);
  expect(stored(text)).toBe(text);
});

it('reads addresses in time proportional to their length', () => {
  const startedMs = performance.now();
  for (const piece of ['://', '://@', '://a?', ':\\/\\/', '@']) {
    withoutAddressSecrets(piece.repeat(60_000));
  }
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

describe('a refused frame', () => {
  it('keeps no value of a setting with a secret name where it breaks off', () =>
    expect(
      maskedFrame('[2,"1","ChangeConfiguration",{"key":"WifiPsk","value":"S3CRET'),
    ).not.toContain('S3CRET'));

  it.each([
    ['GetConfiguration', { configurationKey: [{ key: 'AuthorizationKey', value: 'S3CRET' }] }],
    [
      'GetVariables',
      {
        getVariableResult: [
          {
            component: { name: 'SecurityCtrlr' },
            variable: { name: 'BasicAuthPassword' },
            attributeValue: 'S3CRET',
          },
        ],
      },
    ],
    ['DataTransfer', { vendorId: 'x', data: '{"rfid":"S3CRET"}', odd: 1 }],
  ])('keeps no password of %s', (method, said) => {
    expect(maskedFrame(JSON.stringify([method, said]))).not.toContain('S3CRET');
  });
});

it.each([
  ['ConfigurationChange', { variable: { variable: 'X' }, value: 'a\ud800b' }],
  ['DisplayMessage', { messageId: 1, text: 'a\ud800b' }],
  ['DiagnosticsUpload', { location: 'https://files.example/a\ud800b' }],
])('takes no text in %s that no database keeps', (command, parameters) => {
  expect(commandSchema.safeParse({ command, parameters }).success).toBe(false);
});
