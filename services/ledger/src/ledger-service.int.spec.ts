import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allTopicDefinitions } from '@tallywatt/contracts';
import {
  createEventLog,
  ensureTopics,
  eventLogMigrations,
  type EventLog,
} from '@tallywatt/event-log';
import { createLogger, startService, type RunningService } from '@tallywatt/service-kit';
import { eventually, testRuntime } from '@tallywatt/testing';
import { Pool } from 'pg';
import type { Fact } from '@tallywatt/derivations';
import { ledgerService } from './ledger-service';
import {
  cdrIssued,
  movementAvailable,
  movementRecorded,
  payoutCreated,
  payoutPaid,
  taxPortion,
} from '@tallywatt/testing';

const secret = randomBytes(24).toString('hex');
const run = randomBytes(6).toString('hex');
const cpoId = `cpo-${run}`;
const occurredAt = '2026-11-20T16:00:00.000Z';
const directory = mkdtempSync(join(tmpdir(), 'ledger-'));
const patient = { timeoutMs: 90_000, intervalMs: 100 };

let service: RunningService;
let pool: Pool;
let witness: EventLog;
let witnessPool: Pool;

const bearer = (roles: readonly string[], cpo = cpoId): string => {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const signed = `${part({ alg: 'HS256' })}.${part({ sub: 'test', cpo, roles, exp })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

// Answers are read as a foreign client reads them: by field, without our types.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Reply = Record<string, any>;

const call = async (
  path: string,
  { method = 'GET', token = bearer(['finance']) } = {},
): Promise<Readonly<{ status: number; body: Reply }>> => {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: (await response.json()) as Reply };
};

const entriesWhere = async (query: string): Promise<Reply[]> =>
  (await call(`/v1/journal-entries?limit=500&${query}`)).body['items'];

/** What pricing-engine and payment-capture would publish, under a CPO of this test's own. */
const publish = (...facts: Fact[]): Promise<unknown> =>
  witness.transaction((tx) =>
    witness.append(
      tx,
      facts.map((fact) => ({ event: { ...fact, cpoId }, occurredAt })),
    ),
  );

const connect = (databaseUrl: string): Pool => new Pool({ connectionString: databaseUrl, max: 4 });

const session = `S-${run}`;
const charge = {
  id: `ch-${run}`,
  category: 'charge',
  amountMinor: 1190n,
  feeMinor: 43n,
  sessionId: session,
};
const refund = {
  id: `re-${run}`,
  category: 'refund',
  amountMinor: -119n,
  sessionId: session,
  taxes: [taxPortion(100n, 19n)],
};
const life: Fact[] = [
  cdrIssued(session, [['ENERGY', 1000n]], 190n),
  movementRecorded(charge),
  movementAvailable(charge),
  movementRecorded(refund),
  movementAvailable(refund),
  payoutCreated(`po-${run}`, 1028n),
  payoutPaid(`po-${run}`, 1028n),
];

beforeAll(async () => {
  const runtime = await testRuntime();
  const brokers = runtime.kafkaBrokers.split(',');
  await ensureTopics({ brokers, definitions: allTopicDefinitions, replicationFactor: 1 });
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(directory, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const databaseUrl = await runtime.createDatabase();
  pool = connect(databaseUrl);
  witnessPool = connect(await runtime.createDatabase());
  await witnessPool.query(eventLogMigrations);
  witness = createEventLog({
    service: 'witness',
    pool: witnessPool,
    brokers,
    logger: createLogger('witness', 'silent'),
  });
  witness.startRelay();
  await publish(...life);
  service = await startService(ledgerService, {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: runtime.kafkaBrokers,
    AUTH_SECRET: secret,
    LEDGER_PORT: '0',
    LEDGER_SIGNING_KEY_FILE: join(directory, 'key.pem'),
    JOURNAL_ROOTS_FILE: join(directory, 'roots.jsonl'),
    LOG_LEVEL: 'fatal',
  });
  await eventually(
    async () => expect((await fetch(`${service.url}/health/ready`)).status).toBe(200),
    patient,
  );
  // All of that life, which comes through several topics, and where each entry lies in the log.
  await eventually(async () => {
    const entries = await entriesWhere('');
    expect(entries).toHaveLength(life.length);
    expect(entries.filter(({ position }) => position === null)).toEqual([]);
  }, patient);
});

afterAll(async () => {
  await service?.stop();
  await witness?.stop();
  await witnessPool?.end();
  await pool?.end();
  rmSync(directory, { recursive: true });
});

describe('the journal of a session', () => {
  it('is booked from the log and published on it', async () => {
    const entries = await entriesWhere(`sessionId=${session}`);
    expect(entries.map(({ postingRule }) => postingRule).sort()).toEqual([
      'cdr.issued',
      'payment.captured',
      'payment.refunded',
      'processor.settled',
      'processor.settled',
    ]);
    const priced = entries.find(({ postingRule }) => postingRule === 'cdr.issued');
    expect(priced).toMatchObject({
      cpoId,
      documentId: `cdr-${session}`,
      currency: 'EUR',
      occurredAt,
      lines: [
        { account: 'assets:receivable:driver', side: 'debit', amountMinor: '1190' },
        { account: 'revenue:charging:energy', side: 'credit', amountMinor: '1000' },
        { account: 'liabilities:tax:vat:de', side: 'credit', amountMinor: '190' },
      ],
      position: { topic: 'ledger.journal.v1' },
    });
    expect((await call(`/v1/journal-entries/${priced?.['entryId']}`)).body).toEqual(priced);
    expect(await entriesWhere(`documentId=po-${run}`)).toHaveLength(2);
    expect(await entriesWhere(`account=assets:bank:operating`)).toHaveLength(1);
  });

  it('keeps the correlation and the cause of its fact', async () => {
    const { rows } = await pool.query<Reply>(
      `SELECT o.headers, e.cause_event_id FROM journal_entries e
       JOIN event_log.outbox o USING (event_id) WHERE e.cpo_id = $1`,
      [cpoId],
    );
    expect(rows).toHaveLength(7);
    for (const { headers, cause_event_id } of rows) {
      expect(headers).toMatchObject({
        ce_causationid: cause_event_id,
        ce_correlationid: cause_event_id,
        ce_time: occurredAt,
      });
    }
  });

  it('pages through the list without gap or repetition', async () => {
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await call(
        `/v1/journal-entries?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      ids.push(...body['items'].map(({ entryId }: Reply) => entryId as string));
      cursor = body['next'];
    }
    expect(new Set(ids).size).toBe(7);
    expect(ids).toHaveLength(7);
  });
});

describe('the trial balance', () => {
  const balances = async (asOf?: string): Promise<Record<string, string>> => {
    const { body } = await call(`/v1/trial-balance${asOf === undefined ? '' : `?asOf=${asOf}`}`);
    return Object.fromEntries(
      body['accounts'].map(({ account, balanceMinor }: Reply) => [account, balanceMinor]),
    );
  };

  it('sums to zero and shows what is cleared', async () => {
    expect(await balances()).toEqual({
      'assets:bank:operating': '1028',
      'assets:processor:stripe:available': '0',
      'assets:processor:stripe:in-transit': '0',
      'assets:processor:stripe:pending': '0',
      'assets:receivable:driver': '0',
      'expenses:fees:processing': '43',
      'liabilities:tax:vat:de': '-171',
      'revenue:charging:energy': '-1000',
      'revenue:contra:refund': '100',
    });
    const { body } = await call('/v1/trial-balance');
    expect(body['totals']).toMatchObject([{ currency: 'EUR', balanceMinor: '0' }]);
  });

  it('is as it was at any instant', async () => {
    const before = new Date().toISOString();
    const then = await balances(before);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const late = `late-${run}`;
    await publish(cdrIssued(late, [['FLAT', 100n]], 19n));
    await eventually(async () => expect(await entriesWhere(`sessionId=${late}`)).toHaveLength(1));
    expect(await balances(before)).toEqual(then);
    expect((await balances())['revenue:charging:session-fee']).toBe('-100');
    expect(await balances('2020-01-01T00:00:00Z')).toEqual({});
  });

  it.each(['yesterday', '2026-02-30T00:00:00Z', '2026-11-21T10:00:00'])(
    'answers 422 to an instant that is none: %s',
    async (asOf) => {
      const { status, body } = await call(`/v1/trial-balance?asOf=${asOf}`);
      expect([status, body['faults']?.[0]?.path]).toEqual([422, '$.asOf']);
    },
  );
});

describe('the APIs', () => {
  it('show a CPO its own book only', async () => {
    const token = bearer(['finance'], 'another');
    const [entry] = await entriesWhere(`sessionId=${session}`);
    const list = await call(`/v1/journal-entries?sessionId=${session}`, { token });
    expect(list.body['items']).toEqual([]);
    const one = await call(`/v1/journal-entries/${entry?.['entryId']}`, { token });
    expect([one.status, one.body['type']]).toEqual([
      404,
      'urn:tallywatt:problem:journal-entry-unknown',
    ]);
    expect((await call('/v1/trial-balance', { token })).body['accounts']).toEqual([]);
  });

  it.each([
    ['/v1/journal-entries', 'GET', ['driver'], 403],
    ['/v1/trial-balance', 'GET', ['driver'], 403],
    ['/v1/journal-roots', 'POST', ['finance'], 403],
    ['/v1/journal-roots', 'POST', ['operator'], 200],
    ['/v1/accounts', 'GET', ['finance'], 200],
  ])('%s %s as %s is answered with %i', async (path, method, roles, status) =>
    expect((await call(path, { method, token: bearer(roles) })).status).toBe(status),
  );

  it.each(['limit=0', 'cursor=nonsense', 'sessionID=typo', 'cursor=WyJhIiwiYiJd'])(
    'answer 422 to %s',
    async (query) => expect((await call(`/v1/journal-entries?${query}`)).status).toBe(422),
  );

  it('describe themselves', async () => {
    const document = (await call('/docs-json')).body;
    expect(Object.keys(document['paths'])).toEqual(
      expect.arrayContaining(['/v1/journal-entries', '/v1/trial-balance', '/v1/journal-roots']),
    );
  });
});

describe('a movement of a kind no rule knows', () => {
  it('is booked to suspense and raises an alarm', async () => {
    await publish(movementRecorded({ id: `du-${run}`, category: 'dispute', amountMinor: -500n }));
    await eventually(async () =>
      expect(await entriesWhere('account=assets:suspense')).toHaveLength(1),
    );
    await eventually(async () => {
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      expect(metrics).toMatch(/^tallywatt_ledger_suspense_entries_total [1-9]/m);
    });
  });
});

describe('a fact that breaks an invariant', () => {
  it('is parked with its reason, and others go on', async () => {
    const [bad, good] = [`bad-${run}`, `good-${run}`];
    const wrong = { ...cdrIssued(bad, [['ENERGY', 100n]], 19n), totalInclTaxMinor: 120n };
    await publish(wrong, cdrIssued(good, [['ENERGY', 100n]], 19n));
    await eventually(async () => expect(await entriesWhere(`sessionId=${good}`)).toHaveLength(1));
    const { rows } = await eventually(async () => {
      const found = await pool.query<Reply>(
        'SELECT reason FROM event_log.parked WHERE stream_key = $1',
        [`${cpoId}/${bad}`],
      );
      expect(found.rows).toHaveLength(1);
      return found;
    });
    expect(rows[0]?.['reason']).toContain('debits and credits differ by 1 EUR minor units');
    expect(await entriesWhere(`sessionId=${bad}`)).toEqual([]);
  });
});
