import { X509Certificate } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { eventually, freePort } from '@tallywatt/testing';
import { RPCClient } from 'ocpp-rpc';
import { WebSocket } from 'ws';
import { type Identity, signingRequest, TestCa } from './testing/certificates';
import { GatewayStage, password, registration } from './testing/gateway-stage';

let stage: GatewayStage;
let tlsPort: number;
let folder: string;
let serverCa: TestCa;
let ownCa: TestCa;
let otherCa: TestCa;
let authority: string;
const clients: RPCClient[] = [];
const sockets: WebSocket[] = [];

const writeServer = async (): Promise<Identity> => {
  const server = await serverCa.issue({
    subject: 'CN=localhost',
    dns: 'localhost',
    isServer: true,
  });
  await writeFile(join(folder, 'server.key'), server.key);
  await writeFile(join(folder, 'server.pem'), server.cert);
  return server;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocpp-tls-'));
  serverCa = await TestCa.create('CN=Server CA');
  ownCa = await TestCa.create('CN=Charger CA');
  otherCa = await TestCa.create("CN=Another CPO's CA");
  await writeServer();
  const cas = await mkdtemp(join(folder, 'cas-'));
  await writeFile(join(cas, 'default.pem'), ownCa.cert);
  await writeFile(join(cas, 'other.pem'), otherCa.cert);
  authority = await mkdtemp(join(folder, 'authority-'));
  await writeFile(join(authority, 'default.pem'), ownCa.cert);
  await writeFile(join(authority, 'default.key'), ownCa.key);
  await writeFile(join(authority, 'default.organisation'), 'Example\n');
  tlsPort = await freePort();
  stage = await GatewayStage.start(undefined, {
    OCPP_TLS_PORT: String(tlsPort),
    OCPP_TLS_CERT_FILE: join(folder, 'server.pem'),
    OCPP_TLS_KEY_FILE: join(folder, 'server.key'),
    OCPP_TLS_CLIENT_CA: cas,
    OCPP_CERTIFICATE_AUTHORITIES: authority,
  });
});
afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close({ force: true }))));
afterAll(async () => {
  await stage?.stop();
  await rm(folder, { recursive: true, force: true });
});

type How = Readonly<{ identity?: Identity; password?: string; isPlain?: boolean }>;

/** 101 when the charger was let in; otherwise the HTTP status, or what TLS said. */
const arrive = (id: string, how: How = {}): Promise<number | string> =>
  new Promise((resolve) => {
    const url = how.isPlain
      ? `ws://127.0.0.1:${stage.ocppPort}/ocpp/${id}`
      : `wss://localhost:${tlsPort}/ocpp/${id}`;
    const user = id.split('/').at(-1) ?? '';
    const socket = new WebSocket(url, ['ocpp1.6'], {
      ca: serverCa.cert,
      ...(how.identity === undefined ? {} : { cert: how.identity.cert, key: how.identity.key }),
      ...(how.password === undefined ? {} : { auth: `${user}:${how.password}` }),
    });
    sockets.push(socket);
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    socket.on('error', (error) => resolve(error.message));
  });

const register = async (id: string, other: object): Promise<void> => {
  const { password: _, ...rest } = registration(id);
  const { status, body } = await stage.api('/v1/charge-points', { ...rest, ...other });
  expect({ status, body }).toMatchObject({ status: 201 });
};

const profilesOf = async (id: string): Promise<unknown[]> => {
  const events = await stage.inKafka(
    'charging.stations.v1',
    (event) => event.type === 'StationConnected' && event.chargePointId === id,
  );
  return events.map(({ event }) => 'securityProfile' in event && event.securityProfile);
};

describe('a registered security profile is a floor', () => {
  it('profile 2 needs TLS and the password', async () => {
    await register('CP-TLS', { securityProfile: 2, password });
    expect(await arrive('CP-TLS', { password, isPlain: true })).toBe(403);
    expect(await arrive('CP-TLS')).toBe(401);
    expect(await arrive('CP-TLS', { password: 'not the password' })).toBe(401);
    expect(await arrive('CP-TLS', { password })).toBe(101);
    await eventually(async () => expect(await profilesOf('CP-TLS')).toEqual([2]));
  });

  it('profile 1 may come over TLS as well, and by the certificate of its CPO', async () => {
    await register('CP-BASIC', { securityProfile: 1, password });
    expect(await arrive('CP-BASIC', { password, isPlain: true })).toBe(101);
    expect(await arrive('CP-BASIC', { password })).toBe(101);
    const identity = await ownCa.issue({ subject: 'CN=CP-BASIC' });
    expect(await arrive('CP-BASIC', { identity })).toBe(101);
    await eventually(async () => expect(await profilesOf('CP-BASIC')).toEqual([1, 2, 3]));
  });

  it('profile 3 needs a certificate, and no password stands in for it', async () => {
    await register('CP-MUTUAL', { securityProfile: 3 });
    const identity = await ownCa.issue({ subject: 'CN=CP-MUTUAL' });
    expect(await arrive('CP-MUTUAL', { isPlain: true, password })).toBe(403);
    expect(await arrive('CP-MUTUAL', { password })).toBe(403);
    expect(await arrive('CP-MUTUAL', { identity })).toBe(101);
    await eventually(async () => expect(await profilesOf('CP-MUTUAL')).toEqual([3]));
  });
});

describe('a security profile that is raised', () => {
  const answers =
    (calls: unknown[], status: string, body: object = { status }) =>
    ({ params }: { params?: unknown }) => {
      calls.push(params);
      return Promise.resolve({ ...body });
    };
  const raise = async (id: string, parameters: object) => {
    const { body, status } = await stage.api(`/v1/charge-points/${id}/commands`, {
      command: 'SecurityProfileRaise',
      parameters,
    });
    if (status !== 202) return status;
    return eventually(async () => {
      const answer = await stage.api(`/v1/charge-points/${id}/commands/${body['id']}`);
      expect(answer.body['outcome']).not.toBeNull();
      return answer.body['status'] as unknown;
    });
  };
  const registeredProfile = async (id: string): Promise<unknown> =>
    (await stage.api(`/v1/charge-points/${id}`)).body['securityProfile'];

  it('counts when the charger has come by it, and the lower one is refused from then on', async () => {
    await register('CP-RAISED', { securityProfile: 1, password });
    const calls: unknown[] = [];
    await stage.dial('CP-RAISED', {
      handlers: { ChangeConfiguration: answers(calls, 'RebootRequired') },
    });
    expect(await raise('CP-RAISED', { securityProfile: 2 })).toBe('accepted');
    expect(calls).toEqual([{ key: 'SecurityProfile', value: '2' }]);
    expect(await arrive('CP-RAISED', { password, isPlain: true })).toBe(101);
    expect(await registeredProfile('CP-RAISED')).toBe(1);
    expect(await arrive('CP-RAISED', { password })).toBe(101);
    await eventually(async () => expect(await registeredProfile('CP-RAISED')).toBe(2));
    expect(await arrive('CP-RAISED', { password, isPlain: true })).toBe(403);
    expect(await raise('CP-RAISED', { securityProfile: 2 })).toBe(422);
    await eventually(async () =>
      expect(
        await stage.inKafka('charging.stations.v1', ({ type }) => type === 'SecurityProfileRaised'),
      ).toMatchObject([{ event: { chargePointId: 'CP-RAISED', securityProfile: 2 } }]),
    );
  });

  it('of 2.0.1 is a network profile and its priority, and of 3 ends the password', async () => {
    await register('CS-RAISED', { securityProfile: 1, password });
    const calls: unknown[] = [];
    const names = {
      component: { name: 'OCPPCommCtrlr' },
      variable: { name: 'NetworkConfigurationPriority' },
    };
    const result = { setVariableResult: [{ attributeStatus: 'Accepted', ...names }] };
    await stage.dial('CS-RAISED', {
      protocol: 'ocpp2.0.1',
      handlers: {
        SetNetworkProfile: answers(calls, 'Accepted'),
        SetVariables: answers(calls, 'Accepted', result),
      },
    });
    const csmsUrl = 'wss://localhost/ocpp';
    const networkProfile = { slot: 2, csmsUrl, networkInterface: 'Wired0', priority: [2, 1] };
    expect(await raise('CS-RAISED', { securityProfile: 3, networkProfile })).toBe('accepted');
    expect(calls).toMatchObject([
      { configurationSlot: 2, connectionData: { securityProfile: 3, ocppCsmsUrl: csmsUrl } },
      { setVariableData: [{ ...names, attributeValue: '2,1' }] },
    ]);
    // Higher than before, and not as high as it was raised to.
    expect(await arrive('CS-RAISED', { password })).toBe(101);
    expect(await registeredProfile('CS-RAISED')).toBe(1);
    const identity = await ownCa.issue({ subject: 'CN=CS-RAISED' });
    expect(await arrive('CS-RAISED', { identity })).toBe(101);
    await eventually(async () => expect(await registeredProfile('CS-RAISED')).toBe(3));
    expect(await arrive('CS-RAISED', { password })).toBe(403);
  });

  it('that the charger refuses is not, however it comes', async () => {
    await register('CP-UNRAISED', { securityProfile: 1, password });
    await stage.dial('CP-UNRAISED', {
      handlers: { ChangeConfiguration: answers([], 'Rejected') },
    });
    expect(await raise('CP-UNRAISED', { securityProfile: 2 })).toBe('rejected');
    expect(await arrive('CP-UNRAISED', { password })).toBe(101);
    expect(await arrive('CP-UNRAISED', { password, isPlain: true })).toBe(101);
    expect(await registeredProfile('CP-UNRAISED')).toBe(1);
  });
});

describe('a client certificate', () => {
  beforeAll(() => register('CP-CERT', { securityProfile: 3 }));

  it.each<[string, () => Promise<Identity>, number]>([
    ['of another charge point', () => ownCa.issue({ subject: 'CN=CP-OTHER' }), 403],
    ['whose name differs in case', () => ownCa.issue({ subject: 'CN=cp-cert' }), 403],
    ['whose DNS name differs in case', () => ownCa.issue({ subject: 'CN=x', dns: 'cp-cert' }), 403],
    ['with a DNS name of its own', () => ownCa.issue({ subject: 'CN=x', dns: 'CP-CERT' }), 101],
    ['of two names', () => ownCa.issue({ subject: 'CN=CP-CERT, CN=CP-OTHER' }), 403],
    ['of another CPO', () => otherCa.issue({ subject: 'CN=CP-CERT' }), 403],
    ['of nobody we know', () => serverCa.issue({ subject: 'CN=CP-CERT' }), 403],
    ['that has expired', () => ownCa.issue({ subject: 'CN=CP-CERT', validDays: -1 }), 403],
    ['of a server', () => ownCa.issue({ subject: 'CN=CP-CERT', isServer: true }), 403],
    ['of its own', () => ownCa.issue({ subject: 'CN=CP-CERT' }), 101],
  ])('%s', async (_, issue, status) => {
    expect(await arrive('CP-CERT', { identity: await issue() })).toBe(status);
  });

  it('may name the serial number that was registered, as the white paper has it', async () => {
    await register('CP-SERIAL', { securityProfile: 3, certificateName: 'SN-0815' });
    const byId = await ownCa.issue({ subject: 'CN=CP-SERIAL' });
    const bySerial = await ownCa.issue({ subject: 'CN=SN-0815' });
    expect(await arrive('CP-SERIAL', { identity: byId })).toBe(403);
    expect(await arrive('CP-SERIAL', { identity: bySerial })).toBe(101);
  });

  it('must be the very one where its fingerprint was registered', async () => {
    const pinned = await ownCa.issue({ subject: 'CN=CP-PINNED' });
    const another = await ownCa.issue({ subject: 'CN=CP-PINNED' });
    const certificateFingerprint = pinned.fingerprint.toUpperCase().replace(/(..)(?=.)/g, '$1:');
    await register('CP-PINNED', { securityProfile: 3, certificateFingerprint });
    expect(await arrive('CP-PINNED', { identity: another })).toBe(403);
    expect(await arrive('CP-PINNED', { identity: pinned })).toBe(101);
  });
});

describe('TLS', () => {
  const shake = (options: ConnectionOptions): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({
        port: tlsPort,
        host: 'localhost',
        servername: 'localhost',
        ca: serverCa.cert,
        ...options,
      });
      socket.on('secureConnect', () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
        socket.destroy();
      });
      socket.on('error', () => resolve('refused'));
    });

  it('is 1.2 or newer, with the suites of the white paper', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    expect(await shake(old)).toBe('refused');
    const suite = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;
    expect(await shake(suite)).toBe('TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256');
    expect(await shake({ ...suite, ciphers: 'ECDHE-ECDSA-AES128-SHA' })).toBe('refused');
    expect(await shake({})).toMatch(/^TLSv1\.3 /);
  });

  it('takes new files without dropping who is connected, and keeps the old while they are broken', async () => {
    await register('CP-STAYS', { securityProfile: 2, password });
    expect(await arrive('CP-STAYS', { password })).toBe(101);
    const [socket] = sockets;
    const served = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const peer = connect({ port: tlsPort, servername: 'localhost', ca: serverCa.cert }, () => {
          resolve(peer.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase());
          peer.destroy();
        });
        peer.on('error', reject);
      });
    const before = await served();
    await writeFile(join(folder, 'server.pem'), 'half a');
    await eventually(async () =>
      expect(await stage.metrics()).toContain('tallywatt_ocpp_tls_files_usable 0'),
    );
    expect(await served()).toBe(before);
    const next = await writeServer();
    await eventually(async () => expect(await served()).toBe(next.fingerprint));
    expect(socket?.readyState).toBe(WebSocket.OPEN);
  });
});

describe('a certificate that the charger asks for', () => {
  const dial = async (
    id: string,
    protocol: string,
    identity: Identity,
    brought: string[] = [],
    status = 'Accepted',
  ) => {
    const client = new RPCClient({
      endpoint: `wss://localhost:${tlsPort}/ocpp`,
      identity: id,
      protocols: [protocol],
      strictMode: true,
      reconnect: false,
      wsOpts: { ca: serverCa.cert, cert: identity.cert, key: identity.key },
    } as never);
    clients.push(client);
    client.handle('CertificateSigned', ({ params }: { params?: unknown }) => {
      brought.push((params as { certificateChain: string }).certificateChain);
      return Promise.resolve({ status });
    });
    await client.connect();
    return client;
  };
  const factsOf = async (id: string): Promise<string[]> => {
    const events = await stage.inKafka(
      'charging.stations.v1',
      (event) => 'chargePointId' in event && event.chargePointId === id,
    );
    return events.map(({ event }) => event.type).filter((type) => /^Cred|^Cert/.test(type));
  };
  const statusesOf = async (id: string): Promise<string[]> => {
    const { body } = await stage.api(`/v1/charge-points/${id}/certificates`);
    return (body['items'] as { status: string }[]).map(({ status }) => status);
  };
  const sent = (id: string): Promise<string[]> =>
    stage
      .api(`/v1/charge-points/${id}/commands`)
      .then(({ body }) => (body['items'] as { status: string }[]).map(({ status }) => status));

  it.each(['ocpp1.6', 'ocpp2.0.1'])(
    'is signed, brought once, and lets it in instead of the one before (%s)',
    async (protocol) => {
      const id = `CP-SIGNS-${protocol}`;
      await register(id, { securityProfile: 3 });
      const old = await ownCa.issue({ subject: `CN=${id}` });
      const brought: string[] = [];
      const client = await dial(id, protocol, old, brought);
      const { csr, key } = await signingRequest(`O=Example, CN=${id}`);
      expect(await client.call('SignCertificate', { csr })).toEqual({ status: 'Accepted' });
      expect(await client.call('SignCertificate', { csr })).toEqual({ status: 'Accepted' });
      await eventually(async () => expect(await sent(id)).toEqual(['accepted']));
      expect(brought).toHaveLength(1);
      // Some time after it has taken it, it does not have it.
      const later = `UPDATE charger_commands SET sent_at = now() - interval '1 hour'
        WHERE charge_point_id = $1`;
      await stage.pool.query(later, [id]);
      expect(await client.call('SignCertificate', { csr })).toEqual({ status: 'Accepted' });
      await eventually(async () => expect(await sent(id)).toEqual(['accepted', 'accepted']));
      expect(brought).toEqual([brought[0], brought[0]]);
      expect(await statusesOf(id)).toEqual(['issued']);
      expect(await arrive(id, { identity: old })).toBe(101);
      const identity = { cert: brought[0] ?? '', key, fingerprint: '' };
      const next = new X509Certificate(identity.cert);
      expect([next.ca, next.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.2']]);
      expect(await arrive(id, { identity })).toBe(101);
      await eventually(async () => expect(await statusesOf(id)).toEqual(['in-use']));
      expect(await arrive(id, { identity: old })).toBe(403);
      expect(await arrive(id, { identity })).toBe(101);
      await eventually(async () =>
        expect(await factsOf(id)).toEqual([
          'CredentialsRotationRequested',
          'CertificateIssued',
          'CredentialsRotated',
        ]),
      );
      // The operator's word is the last.
      const { password: _, ...known } = { ...registration(id), securityProfile: 3 };
      const pinned = { ...known, certificateFingerprint: old.fingerprint };
      expect((await stage.api('/v1/charge-points', pinned)).status).toBe(200);
      expect(await arrive(id, { identity })).toBe(403);
      expect(await arrive(id, { identity: old })).toBe(101);
    },
  );

  it('is asked for by an operator', async () => {
    await register('CP-RENEWS', { securityProfile: 3 });
    const asked: unknown[] = [];
    const client = await dial(
      'CP-RENEWS',
      'ocpp1.6',
      await ownCa.issue({ subject: 'CN=CP-RENEWS' }),
    );
    client.handle('ExtendedTriggerMessage', ({ params }: { params?: unknown }) => {
      asked.push(params);
      return Promise.resolve({ status: 'Accepted' });
    });
    const renewal = await stage.api('/v1/charge-points/CP-RENEWS/certificates/renewal', {});
    expect(renewal.status).toBe(202);
    await eventually(async () => expect(await sent('CP-RENEWS')).toEqual(['accepted']));
    expect(asked).toEqual([{ requestedMessage: 'SignChargePointCertificate' }]);
    const unknown = await stage.api('/v1/charge-points/CP-NOBODY/certificates/renewal', {});
    expect(unknown.status).toBe(404);
  });

  it('goes with the password by which it was asked for, and is signed for nobody without', async () => {
    await register('CP-STOLEN', { securityProfile: 1, password });
    const brought: string[] = [];
    const { call } = await stage.dial('CP-STOLEN', {
      handlers: {
        CertificateSigned: ({ params }: { params?: unknown }) => {
          brought.push((params as { certificateChain: string }).certificateChain);
          return Promise.resolve({ status: 'Rejected' });
        },
      },
    });
    const { csr, key } = await signingRequest('O=Example, CN=CP-STOLEN');
    expect(await call('SignCertificate', { csr })).toEqual({ status: 'Accepted' });
    await eventually(async () => expect(await statusesOf('CP-STOLEN')).toEqual(['rejected']));
    const identity = { cert: brought[0] ?? '', key, fingerprint: '' };
    expect(await arrive('CP-STOLEN', { identity })).toBe(101);
    await eventually(async () => expect(await profilesOf('CP-STOLEN')).toEqual([1, 3]));
    const closed = new Promise((resolve) => sockets.at(-1)?.once('close', resolve));
    const other = { ...registration('CP-STOLEN'), password: 'another-password-of-an-operator' };
    expect((await stage.api('/v1/charge-points', other)).status).toBe(200);
    expect(await closed).toBe(1008);
    expect(await arrive('CP-STOLEN', { identity })).toBe(401);

    await register('CP-OPEN', { securityProfile: 0 });
    const stranger = await stage.dial('CP-OPEN');
    const open = await signingRequest('O=Example, CN=CP-OPEN');
    expect(await stranger.call('SignCertificate', { csr: open.csr })).toEqual({
      status: 'Rejected',
    });
  });

  it('and does not take leaves the one before in force', async () => {
    await register('CP-WILL-NOT', { securityProfile: 3 });
    const old = await ownCa.issue({ subject: 'CN=CP-WILL-NOT' });
    const client = await dial('CP-WILL-NOT', 'ocpp1.6', old, [], 'Rejected');
    const { csr } = await signingRequest('O=Example, CN=CP-WILL-NOT');
    await client.call('SignCertificate', { csr });
    await eventually(async () => expect(await statusesOf('CP-WILL-NOT')).toEqual(['rejected']));
    expect(await arrive('CP-WILL-NOT', { identity: old })).toBe(101);
    await eventually(async () =>
      expect(await factsOf('CP-WILL-NOT')).toEqual([
        'CredentialsRotationRequested',
        'CertificateIssued',
        'CredentialsRotationFailed',
      ]),
    );
  });

  it('is not signed for another name, nor without an authority, and that is a fact', async () => {
    await register('CP-ASKS', { securityProfile: 3 });
    const client = await dial('CP-ASKS', 'ocpp2.0.1', await ownCa.issue({ subject: 'CN=CP-ASKS' }));
    const refusalOf = async (csr: string) => {
      const { status, statusInfo } = (await client.call('SignCertificate', { csr })) as {
        status: string;
        statusInfo: { reasonCode: string };
      };
      return [status, statusInfo.reasonCode];
    };
    const other = await signingRequest('O=Example, CN=CP-OTHER');
    expect(await refusalOf(other.csr)).toEqual(['Rejected', 'InvalidCSR']);
    expect(await refusalOf(other.csr)).toEqual(['Rejected', 'InvalidCSR']);
    const own = await signingRequest('O=Example, CN=CP-ASKS');
    await rename(join(authority, 'default.key'), join(authority, 'default.key.away'));
    await rename(join(authority, 'default.pem'), join(authority, 'default.pem.away'));
    expect(await refusalOf(own.csr)).toEqual(['Rejected', 'NotEnabled']);
    await rename(join(authority, 'default.key.away'), join(authority, 'default.key'));
    await rename(join(authority, 'default.pem.away'), join(authority, 'default.pem'));
    expect(await client.call('SignCertificate', { csr: own.csr })).toEqual({ status: 'Accepted' });
    await eventually(async () =>
      expect(await factsOf('CP-ASKS')).toEqual([
        'CredentialsRotationFailed',
        'CredentialsRotationFailed',
        'CredentialsRotationRequested',
        'CertificateIssued',
      ]),
    );
  });
});
