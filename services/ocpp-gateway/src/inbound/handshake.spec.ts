import { X509Certificate } from 'node:crypto';
import { TestCa } from '../testing/certificates';
import { hashPassword, PasswordCheck } from '../outbound/password-hash';
import { ProvenPasswords } from '../outbound/proven-passwords';
import { plain } from './client-certificate';
import { FailureThrottle } from './failure-throttle';
import { judgeHandshake, type HandshakeParts } from './handshake';

const password = 'a-password-of-16+';
let nowMs = 0;
let passwordHash: string;

beforeAll(async () => {
  passwordHash = await hashPassword(Buffer.from(password));
});

const partsWith = (securityProfile: 0 | 1 | 2 | 3): HandshakeParts => ({
  defaultCpoId: 'default',
  findCredential: ({ cpoId, chargePointId }) =>
    Promise.resolve(
      chargePointId === 'CP' && cpoId === 'default'
        ? { securityProfile, ...(securityProfile % 3 === 0 ? {} : { passwordHash }) }
        : undefined,
    ),
  passwords: new PasswordCheck(),
  throttle: new FailureThrottle(),
  clientCas: () => [],
  standingOf: () => Promise.resolve('closed' as const),
  rotatingPasswords: () => Promise.resolve([]),
  ownCertificates: () => Promise.resolve({ issued: [], superseded: [] }),
  nowMs: () => nowMs,
});

const request = (url: string, credentials?: string, remoteAddress = '10.0.0.1') => ({
  url,
  remoteAddress,
  transport: plain,
  headers: { 'sec-websocket-protocol': 'ocpp2.0.1, ocpp1.6' },
  credentials:
    credentials === undefined ? [] : [`Basic ${Buffer.from(credentials).toString('base64')}`],
});

describe('a handshake', () => {
  it.each(['/ocpp/CP', '/ocpp/default/CP', '/ocpp/%43P?token=x'])('%s is let in', async (url) =>
    expect(await judgeHandshake(request(url, `CP:${password}`), partsWith(1))).toEqual({
      kind: 'admitted',
      station: { cpoId: 'default', chargePointId: 'CP' },
      subprotocol: 'ocpp2.0.1',
      securityProfile: 1,
      registeredProfile: 1,
    }),
  );

  it.each([
    ['ocpp1.6, ocpp2.0.1', 'ocpp1.6'],
    ['ocpp2.1, ocpp2.0.1', 'ocpp2.0.1'],
    ['soap, ocpp1.6', 'ocpp1.6'],
  ])('that offers %s speaks %s, which the charger likes best', async (offered, subprotocol) => {
    const asked = request('/ocpp/CP', `CP:${password}`);
    const headers = { ...asked.headers, 'sec-websocket-protocol': offered };
    expect(await judgeHandshake({ ...asked, headers }, partsWith(1))).toMatchObject({
      subprotocol,
    });
  });

  it.each([
    ['', 400],
    ['/', 400],
    ['/ocpp', 400],
    ['/ocpp/%zz', 400],
    ['/ocpp/CP/', 400],
    ['/ocpp/../ocpp/CP', 400],
    ['/ocpp/..', 400],
    ['/ocpp/default/.', 400],
    ['/ocpp/%2e%2e', 400],
    ['/OCPP/CP', 400],
    ['/ocpp/CP%00', 400],
    ['/ocpp/cp', 404],
    ['/ocpp/other/CP', 404],
  ])('%p is refused with %i, whatever its password', async (url, status) =>
    expect(await judgeHandshake(request(url, `CP:${password}`), partsWith(1))).toMatchObject({
      kind: 'refused',
      status,
    }),
  );

  it.each([undefined, 'CP', 'CP:', 'CP:wrong', `cp:${password}`, `CP2:${password}`])(
    'with the credentials %p is refused with 401',
    async (credentials) =>
      expect(await judgeHandshake(request('/ocpp/CP', credentials), partsWith(1))).toMatchObject({
        kind: 'refused',
        status: 401,
      }),
  );

  it('has one Authorization header, since two are read in two ways', async () => {
    const asked = request('/ocpp/CP', `CP:${password}`);
    const credentials = [...asked.credentials, ...asked.credentials];
    expect(await judgeHandshake({ ...asked, credentials }, partsWith(1))).toMatchObject({
      kind: 'refused',
      status: 400,
    });
  });

  it.each([2, 3] as const)('of security profile %i is refused without TLS', async (profile) =>
    expect(
      await judgeHandshake(request('/ocpp/CP', `CP:${password}`), partsWith(profile)),
    ).toMatchObject({ kind: 'refused', status: 403 }),
  );

  it('takes a proxy it trusts at its word for profile 2, and not for profile 3', async () => {
    const asked = request('/ocpp/CP', `CP:${password}`);
    const atProxy = { ...asked, transport: { kind: 'tls-at-proxy' } as const };
    expect(await judgeHandshake(atProxy, partsWith(2))).toMatchObject({ securityProfile: 2 });
    expect(await judgeHandshake(atProxy, partsWith(3))).toMatchObject({ status: 403 });
  });

  it.each(['0123456789abcdef0123456789abcdef01234567', 'A1B2C3D4E5F60718293A4B5C6D7E8F90'])(
    'takes the key %s as its bytes as well',
    async (key) => {
      const keyHash = await hashPassword(Buffer.from(key));
      const parts: HandshakeParts = {
        ...partsWith(1),
        findCredential: () => Promise.resolve({ securityProfile: 1, passwordHash: keyHash }),
      };
      const bytes = Buffer.concat([Buffer.from('CP:'), Buffer.from(key, 'hex')]);
      const asked = request('/ocpp/CP');
      const credentials = [`Basic ${bytes.toString('base64')}`];
      expect(await judgeHandshake({ ...asked, credentials }, parts)).toMatchObject({
        kind: 'admitted',
      });
    },
  );

  it('says by which of its passwords it came', async () => {
    const newHash = await hashPassword(Buffer.from('the-new-password'));
    const parts: HandshakeParts = {
      ...partsWith(1),
      rotatingPasswords: () => Promise.resolve([{ rotationId: 'r-1', passwordHash: newHash }]),
    };
    const old = await judgeHandshake(request('/ocpp/CP', `CP:${password}`), parts);
    expect(old).toMatchObject({ kind: 'admitted' });
    expect(old).not.toHaveProperty('rotationId');
    expect(await judgeHandshake(request('/ocpp/CP', 'CP:the-new-password'), parts)).toMatchObject({
      kind: 'admitted',
      rotationId: 'r-1',
    });
  });

  it('needs no password only when it was registered like that', async () =>
    expect(await judgeHandshake(request('/ocpp/CP'), partsWith(0))).toMatchObject({
      kind: 'admitted',
    }));

  it('is slowed down after five wrong passwords, from that address, for a minute', async () => {
    const parts = partsWith(1);
    const attempt = async (credentials: string, address: string) => {
      const verdict = await judgeHandshake(request('/ocpp/CP', credentials, address), parts);
      return verdict.kind === 'refused' ? verdict.status : 200;
    };
    for (let n = 0; n < 5; n += 1) expect(await attempt(`CP:wrong${n}`, 'thief')).toBe(401);
    expect(await attempt(`CP:${password}`, 'thief')).toBe(429);
    expect(await attempt(`CP:${password}`, 'charger')).toBe(200);
    nowMs += 60_001;
    expect(await attempt(`CP:${password}`, 'thief')).toBe(200);
  });

  it('cannot be locked out of its charge point by a stranger behind the same proxy', async () => {
    const parts = partsWith(1);
    const attempt = async (credentials: string) =>
      (await judgeHandshake(request('/ocpp/CP', credentials), parts)).kind;
    expect(await attempt(`CP:${password}`)).toBe('admitted');
    for (let n = 0; n < 6; n += 1) expect(await attempt(`CP:wrong${n}`)).toBe('refused');
    expect(await attempt(`CP:${password}`)).toBe('admitted');
    expect(await attempt('CP:wrong again')).toBe('refused');
  });

  it('has five guesses, also when they all come at once', async () => {
    const parts = partsWith(1);
    const checked = jest.spyOn(parts.passwords, 'isRight');
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        judgeHandshake(request('/ocpp/CP', `CP:wrong${n}`), parts),
      ),
    );
    const statuses = verdicts.map((verdict) => verdict.kind === 'refused' && verdict.status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(45);
    expect(checked).toHaveBeenCalledTimes(5);
  });

  it('is put off when more passwords wait than can be checked soon', async () => {
    const parts = partsWith(1);
    const checks = Array.from({ length: 230 }, (_, n) =>
      judgeHandshake(request('/ocpp/CP', 'CP:wrong', `address-${n}`), parts),
    );
    const verdicts = await Promise.all(checks);
    const busy = verdicts.filter((verdict) => verdict.kind === 'refused' && verdict.status === 503);
    expect(busy).toHaveLength(28);
    expect(await judgeHandshake(request('/ocpp/CP', `CP:${password}`), parts)).toMatchObject({
      kind: 'admitted',
    });
  });
});

it('lets one address with wrong passwords for many identities keep nobody else out', async () => {
  const parts = {
    ...partsWith(1),
    passwords: new PasswordCheck(20),
    findCredential: () => Promise.resolve({ securityProfile: 1, passwordHash } as const),
  };
  const wrong = Array.from({ length: 30 }, (_, n) =>
    judgeHandshake(request(`/ocpp/CP-${n}`, `CP-${n}:a-wrong-password-0`, '203.0.113.9'), parts),
  );
  const honest = request('/ocpp/CP', `CP:${password}`, '198.51.100.1');
  expect((await judgeHandshake(honest, parts)).kind).toBe('admitted');
  const refused = await Promise.all(wrong);
  // Nobody was checked for nothing: who had to give way was told to come again.
  expect(new Set(refused.map((one) => one.kind === 'refused' && one.status))).toEqual(
    new Set([401, 503]),
  );
});

it('slows down who guesses from many addresses of one IPv6 network', async () => {
  const parts = partsWith(1);
  const guess = (n: number) =>
    judgeHandshake(request('/ocpp/CP', 'CP:a-wrong-password-0', `2001:db8::${n}`), parts);
  for (let n = 1; n <= 5; n += 1) expect(await guess(n)).toMatchObject({ status: 401 });
  expect(await guess(6)).toMatchObject({ status: 429 });
});

describe('a password that was right before the process began', () => {
  const key = 'k'.repeat(32);
  const marks = new Map<string, unknown>();
  // The table of marks, as far as it is asked.
  const sql = {
    query: <R>(text: string, values: unknown[] = []) => {
      const station = values.slice(0, 2).join('/');
      if (text.startsWith('INSERT')) marks.set(station, values[2]);
      const found = marks.get(station);
      const rows = (found === undefined ? [] : [{ mark: found }]) as R[];
      return Promise.resolve({ rows, rowCount: rows.length });
    },
  };
  const unkept = (error: unknown): never => {
    throw error;
  };
  const started = (secret = key) => {
    const parts = { ...partsWith(1), proven: new ProvenPasswords(sql, secret, unkept) };
    return { parts, slowly: jest.spyOn(parts.passwords, 'isRight') };
  };
  const come = (parts: HandshakeParts, secret = password) =>
    judgeHandshake(request('/ocpp/CP', `CP:${secret}`), parts);

  it('is not checked slowly again, as another one is', async () => {
    const before = started();
    expect(await come(before.parts)).toMatchObject({ kind: 'admitted' });
    expect(before.slowly).toHaveBeenCalledTimes(1);
    const after = started();
    expect(await come(after.parts)).toMatchObject({ kind: 'admitted' });
    expect(after.slowly).not.toHaveBeenCalled();
    expect(after.parts.passwords.isKnown(Buffer.from(password), passwordHash)).toBe(true);
    expect(await come(after.parts, `${password}x`)).toMatchObject({ status: 401 });
    expect(after.slowly).toHaveBeenCalled();
  });

  it('is checked slowly where the key, the hash or the charge point is another', async () => {
    await come(started().parts);
    const rekeyed = started('K'.repeat(32));
    expect(await come(rekeyed.parts)).toMatchObject({ kind: 'admitted' });
    expect(rekeyed.slowly).toHaveBeenCalledTimes(1);

    await come(started().parts);
    const anew = await hashPassword(Buffer.from(password));
    const { parts, slowly } = started();
    const credential = { securityProfile: 1, passwordHash: anew } as const;
    await come({ ...parts, findCredential: () => Promise.resolve(credential) });
    expect(slowly).toHaveBeenCalledTimes(1);

    await come(started().parts);
    marks.set('default/CP-2', marks.get('default/CP'));
    const other = started();
    const ofCp = { securityProfile: 1, passwordHash } as const;
    const moved = { ...other.parts, findCredential: () => Promise.resolve(ofCp) };
    await judgeHandshake(request('/ocpp/CP-2', `CP-2:${password}`), moved);
    expect(other.slowly).toHaveBeenCalledTimes(1);
  });
});

it('takes no certificate that was signed here and has been superseded, unless it is registered', async () => {
  const ca = await TestCa.create('CN=Charger CA');
  const { cert, fingerprint } = await ca.issue({ subject: 'CN=CP' });
  const come = (other: Partial<HandshakeParts>) =>
    judgeHandshake(
      {
        ...request('/ocpp/CP'),
        transport: { kind: 'tls', chain: [new X509Certificate(cert)] },
      },
      {
        ...partsWith(2),
        clientCas: () => [new X509Certificate(ca.cert)],
        nowMs: () => Date.now(),
        ...other,
      },
    );
  const ownCertificates = () => Promise.resolve({ issued: [], superseded: [fingerprint] });
  expect(await come({})).toMatchObject({ kind: 'admitted', securityProfile: 3 });
  expect(await come({ ownCertificates })).toMatchObject({ status: 401 });
  const findCredential = () =>
    Promise.resolve({ securityProfile: 2, passwordHash, certificateFingerprint: fingerprint });
  expect(await come({ ownCertificates, findCredential })).toMatchObject({ kind: 'admitted' });
});
