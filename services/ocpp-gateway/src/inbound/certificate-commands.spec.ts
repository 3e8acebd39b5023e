import type { ChargerCommand } from '../domain/charger-command';
import { checkedCommand } from './command-call';
import { commandSchema } from './command-schema';
import { protocols } from './protocols';

const encoded = (version: keyof typeof protocols, command: ChargerCommand) =>
  checkedCommand(protocols[version], command, 17);
const said = (version: keyof typeof protocols, command: ChargerCommand): unknown => {
  const call = encoded(version, command);
  return call.kind === 'call' ? { [call.action]: call.params } : call.detail;
};
const heard = (version: keyof typeof protocols, command: ChargerCommand, result: object) => {
  const call = encoded(version, command);
  if (call.kind !== 'call') throw new Error(call.detail);
  return call.read(result as Readonly<Record<string, unknown>>);
};

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const installation = {
  type: 'CertificateInstallation',
  certificateUse: 'CSMSRootCertificate',
  certificate: pem,
  fingerprintSha256: 'f',
} as const;
const report = { type: 'InstalledCertificatesReport' } as const;
const hash = {
  hashAlgorithm: 'SHA256',
  issuerNameHash: '0a',
  issuerKeyHash: '0b',
  serialNumber: '0c',
} as const;

describe('a root certificate', () => {
  it('is installed under the name that a version has for its use', () => {
    expect(said('ocpp1.6', installation)).toEqual({
      InstallCertificate: { certificateType: 'CentralSystemRootCertificate', certificate: pem },
    });
    expect(said('ocpp2.0.1', installation)).toEqual({
      InstallCertificate: { certificateType: 'CSMSRootCertificate', certificate: pem },
    });
    const contract = { ...installation, certificateUse: 'MORootCertificate' } as const;
    expect(said('ocpp1.6', contract)).toBe('OCPP 1.6 has no MORootCertificate');
    expect(said('ocpp2.0.1', contract)).toHaveProperty('InstallCertificate');
  });

  it('that the charger could not store is a refusal with its word', () =>
    expect(
      heard('ocpp2.0.1', installation, {
        status: 'Failed',
        statusInfo: { reasonCode: 'OutOfStorage' },
      }),
    ).toMatchObject({
      kind: 'rejected',
      status: 'Failed',
      details: [{ name: 'reasonCode', value: 'OutOfStorage' }],
    }));

  it('is deleted by its hashes', () => {
    const deletion = { type: 'CertificateDeletion', ...hash } as const;
    const params = { DeleteCertificate: { certificateHashData: hash } };
    expect(said('ocpp1.6', deletion)).toEqual(params);
    expect(said('ocpp2.0.1', deletion)).toEqual(params);
    // To delete what is not there is not done.
    expect(heard('ocpp1.6', deletion, { status: 'NotFound' })).toMatchObject({ kind: 'rejected' });
  });

  it('is asked for in PEM, one at a time', () => {
    const ask = (certificate: string) =>
      commandSchema.safeParse({
        command: 'CertificateInstallation',
        parameters: { certificateUse: 'CSMSRootCertificate', certificate },
      }).success;
    expect(ask(pem)).toBe(true);
    expect(ask(pem + pem)).toBe(false);
    expect(ask('MIIB')).toBe(false);
  });
});

describe('a higher security profile', () => {
  const raise = { type: 'SecurityProfileRaise', securityProfile: 2 } as const;
  const networkProfile = {
    slot: 2,
    csmsUrl: 'wss://ocpp.example.com/ocpp',
    messageTimeoutSeconds: 30,
    networkInterface: 'Wired0',
    priority: [2, 1],
  } as const;

  it('is a key of 1.6, and a network profile with its priority of 2.0.1', () => {
    expect(said('ocpp1.6', raise)).toEqual({
      ChangeConfiguration: { key: 'SecurityProfile', value: '2' },
    });
    expect(said('ocpp1.6', { ...raise, networkProfile })).toMatch('no network profiles');
    expect(said('ocpp2.0.1', raise)).toMatch('networkProfile');
    expect(encoded('ocpp2.0.1', { ...raise, networkProfile })).toMatchObject({
      action: 'SetNetworkProfile',
      params: { configurationSlot: 2, connectionData: { securityProfile: 2 } },
      next: {
        action: 'SetVariables',
        params: { setVariableData: [{ attributeValue: '2,1' }] },
      },
    });
  });

  it('is asked for over TLS only, with the slot among those to try', () => {
    const ask = (other: object) =>
      commandSchema.safeParse({
        command: 'SecurityProfileRaise',
        parameters: { securityProfile: 3, networkProfile: { ...networkProfile, ...other } },
      }).success;
    expect(ask({})).toBe(true);
    expect(ask({ csmsUrl: 'ws://ocpp.example.com/ocpp' })).toBe(false);
    expect(ask({ csmsUrl: 'wss://user:secret@ocpp.example.com' })).toBe(false);
    expect(ask({ priority: [1] })).toBe(false);
  });
});

describe('what is installed', () => {
  it('is asked of 1.6 by one use, and of 2.0.1 by one or all', () => {
    expect(said('ocpp1.6', report)).toMatch('one use');
    expect(said('ocpp2.0.1', report)).toEqual({ GetInstalledCertificateIds: {} });
    const asked = { ...report, certificateUse: 'ManufacturerRootCertificate' } as const;
    expect(said('ocpp1.6', asked)).toEqual({
      GetInstalledCertificateIds: { certificateType: 'ManufacturerRootCertificate' },
    });
    expect(said('ocpp2.0.1', asked)).toEqual({
      GetInstalledCertificateIds: { certificateType: ['ManufacturerRootCertificate'] },
    });
  });

  it('is told by use, with the hashes that delete it', () => {
    const value = JSON.stringify(hash);
    const chain = { certificateType: 'CSMSRootCertificate', certificateHashData: hash };
    expect(
      heard('ocpp2.0.1', report, { status: 'Accepted', certificateHashDataChain: [chain] }),
    ).toMatchObject({ kind: 'accepted', details: [{ name: 'CSMSRootCertificate', value }] });
    const asked = { ...report, certificateUse: 'CSMSRootCertificate' } as const;
    expect(
      heard('ocpp1.6', asked, { status: 'Accepted', certificateHashData: [hash] }),
    ).toMatchObject({ kind: 'accepted', details: [{ name: 'CSMSRootCertificate', value }] });
  });

  it('may be nothing, which is an answer', () =>
    expect(heard('ocpp2.0.1', report, { status: 'NotFound' })).toEqual({
      kind: 'accepted',
      status: 'NotFound',
      details: [],
    }));
});
