import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressesFrom, NotReachable } from './addresses';
import { runCommandLine } from './command-line';
import { serviceOfConsumer } from './parked-command';

const directory = mkdtempSync(join(tmpdir(), 'backbone-'));
afterAll(() => rmSync(directory, { recursive: true }));

const run = async (words: readonly string[], env: Record<string, string> = {}) => {
  const said = { out: '', err: '' };
  const code = await runCommandLine(words, env, {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  });
  return { code, ...said };
};

describe('a command line', () => {
  it.each([
    [[], 2, 'Usage: backbone <command>'],
    [['--help'], 0, 'backbone ledger export'],
    [['topics', '--help'], 0, '--replication-factor'],
    [['parked', 'replay', '--help'], 0, 'all of it or nothing'],
    [['rebuild', '--help'], 0, '--topics-only'],
    [['what-if', '--help'], 0, '--replaces'],
    [['charger', '--help'], 0, '--wait-for-charger'],
  ])('%j is answered with help', async (words, code, text) => {
    const answer = await run(words);
    expect(answer.code).toBe(code);
    expect(answer.out).toContain(text);
  });

  it.each([
    [['nothing'], "there is no command 'nothing'"],
    [['parked'], 'backbone parked replay <consumer> <topic> <key>'],
    [['parked', 'drop'], 'expected one of'],
    [['topics', '--all'], "Unknown option '--all'"],
    [['topics', 'charging.sessions.v1'], 'expected: backbone topics'],
    [['topics', '--replication-factor', 'three'], "not 'three'"],
    [['parked', 'list', '--service', 'billing'], "'billing' is no service"],
    [['parked', 'replay', 'ledger', 'pricing.cdrs.v1'], 'expected: backbone parked replay'],
    [['parked', 'replay', 'x', 'pricing.cdrs.v1', 'k'], "no service has a consumer 'x'"],
    [['tariff', 'import', '/does/not/exist'], 'cannot be read'],
    [['ledger', 'export', '--format', 'xml'], '--format is hledger or csv'],
    [['ledger', 'export', '--from', '2026-02-30'], '--from is a day'],
    [['audit', 'session'], 'expected: backbone audit session'],
    [['charger', 'CP-1'], 'expected: backbone charger'],
    [['charger', 'CP-1', 'reset', 'OnIdle'], 'a parameter is name=value, not OnIdle'],
    [['charger', 'CP-1', 'reset', '--parameters', '/no/file'], '--parameters /no/file'],
    [['rebuild'], 'say --verify'],
    [['rebuild', '--verify', '--settle-seconds', '-1'], 'settle-seconds'],
    [['rebuild', '--verify', '--public-key', '/does/not/exist'], 'is no key in PEM'],
    [['what-if'], 'say --tariff'],
    [['what-if', '--tariff', '/does/not/exist'], 'cannot be read'],
    [['what-if', '--tariff', 'x', '--format', 'xml'], '--format is table, json, csv'],
    [['what-if', '--tariff', 'x', '--from', '2026-02-30'], '--from is a day'],
  ])('%j is refused as typed wrongly', async (words, text) => {
    const answer = await run(words, { KAFKA_BROKERS: '127.0.0.1:1' });
    expect(answer.err).toContain(text);
    expect(answer.code).toBe(2);
  });

  it('that cannot be carried out says what is not there', async () => {
    const answer = await run(['parked', 'list', '--service', 'ledger'], {
      LEDGER_URL: 'http://127.0.0.1:1',
      OPERATOR_TOKEN: 'token',
    });
    expect(answer.err).toContain('ledger at http://127.0.0.1:1/v1/parked does not answer');
    expect(answer.code).toBe(3);
    expect((await run(['topics', '--instance', 'not-there'])).err).toContain(
      "the local system 'not-there' is not there (npm start); or set KAFKA_BROKERS",
    );
  });

  it('checks tariffs without any system', async () => {
    const file = join(directory, 'tariff.json');
    const elements = [
      { price_components: [{ type: 'ENERGY', price: 0.4, vat: 19, step_size: 1 }] },
    ];
    writeFileSync(file, JSON.stringify({ data: [{ id: 'a', currency: 'EUR', elements }] }));
    expect((await run(['tariff', 'import', '--dry-run', file])).out).toContain(
      '1 tariffs can be published',
    );
    writeFileSync(
      join(directory, 'twice.json'),
      JSON.stringify({ id: 'a', currency: 'EUR', elements }),
    );
    writeFileSync(join(directory, 'wrong.json'), JSON.stringify([{ id: 'b', currency: 'EUR' }]));
    writeFileSync(join(directory, 'torn.json'), '{');
    const answer = await run(['tariff', 'import', '--dry-run', directory]);
    expect(answer.code).toBe(1);
    expect(answer.out).toMatch(/torn\.json: \$: is not JSON/);
    expect(answer.out).toMatch(/wrong\.json: \$\[0\]\.elements: /);
    expect(answer.out).toContain('twice.json: $.id: "a" occurs twice in this import');
    expect(answer.out).toContain('nothing was published');
  });

  it('names every fault of a tariff before it looks for any log', async () => {
    const file = join(directory, 'two-faults.json');
    const component = { type: 'ENERGY', price: 'dear', step_size: 1 };
    writeFileSync(file, JSON.stringify({ id: 'b', elements: [{ price_components: [component] }] }));
    const answer = await run(['what-if', '--tariff', file]);
    expect(answer.out).toContain('two-faults.json: $.currency: ');
    expect(answer.out).toContain('two-faults.json: $.elements[0].price_components[0].price: ');
    expect(answer.out).toContain('nothing was rated');
    expect(answer.code).toBe(1);
  });
});

describe('addresses', () => {
  const state = join(directory, 'state');
  beforeAll(() => {
    mkdirSync(join(state, 'default'), { recursive: true });
    writeFileSync(
      join(state, 'default', 'addresses.json'),
      JSON.stringify({ kafkaBrokers: 'k:1', postgresUrl: 'postgresql://u:p@h:5' }),
    );
    writeFileSync(join(state, 'operator-token'), 'local-token\n');
  });

  it('are those of the local system', () => {
    const local = addressesFrom({}, undefined, state);
    expect(local.kafka().brokers).toEqual(['k:1']);
    expect(local.databaseUrl('pricing-engine')).toBe('postgresql://u:p@h:5/pricing_engine');
    expect(local.superuserUrl()).toBe('postgresql://u:p@h:5');
    expect(local.apiUrl('ledger')).toBe('http://127.0.0.1:9315');
    expect(local.token()).toBe('local-token');
  });

  it('are those of the environment where it names them', () => {
    const env = {
      KAFKA_BROKERS: 'a:1, b:2',
      LEDGER_DATABASE_URL: 'postgresql://other/ledger',
      LEDGER_PORT: '1',
      PRICING_ENGINE_URL: 'https://pricing/',
      OPERATOR_TOKEN: 'given',
    };
    const addresses = addressesFrom(env, 'elsewhere', state);
    expect(addresses.kafka().brokers).toEqual(['a:1', 'b:2']);
    expect(addresses.databaseUrl('ledger')).toBe('postgresql://other/ledger');
    expect(addresses.apiUrl('ledger')).toBe('http://127.0.0.1:1');
    expect(addresses.apiUrl('pricing-engine')).toBe('https://pricing');
    expect(addresses.token()).toBe('given');
    expect(() => addresses.superuserUrl()).toThrow(NotReachable);
  });

  it('of a secured cluster are those that services have too, and faults name the variable', () => {
    const secured = addressesFrom(
      {
        KAFKA_TLS: '1',
        KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
        KAFKA_USERNAME: 'auditor',
        KAFKA_PASSWORD: 'secret',
      },
      undefined,
      state,
    ).kafka();
    expect(secured).toMatchObject({
      brokers: ['k:1'],
      tls: {},
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'auditor' },
    });
    const faulty = addressesFrom({ KAFKA_USERNAME: 'auditor' }, undefined, state);
    expect(() => faulty.kafka()).toThrow(NotReachable);
    expect(() => faulty.kafka()).toThrow('KAFKA_USERNAME: means nothing without');
  });

  it('of a consumer lead to its service', () => {
    expect(serviceOfConsumer('payment-capture-sessions')).toBe('payment-capture');
    expect(serviceOfConsumer('ledger')).toBe('ledger');
    expect(serviceOfConsumer('ledgers')).toBeUndefined();
  });
});

describe('the launcher', () => {
  const launcher = join(__dirname, '..', 'bin', 'backbone.js');

  it('says how to build what is not built', () => {
    const copy = join(directory, 'package', 'bin', 'backbone.js');
    cpSync(launcher, copy);
    const { status, stderr } = spawnSync(process.execPath, [copy], { encoding: 'utf8' });
    expect(stderr).toContain('npm run build');
    expect(status).toBe(3);
  });

  it('runs what is built', () => {
    mkdirSync(join(directory, 'built', 'dist'), { recursive: true });
    cpSync(launcher, join(directory, 'built', 'bin', 'backbone.js'));
    writeFileSync(join(directory, 'built', 'dist', 'main.js'), 'console.log("ran")');
    const program = join(directory, 'built', 'bin', 'backbone.js');
    expect(execFileSync(process.execPath, [program], { encoding: 'utf8' })).toBe('ran\n');
  });
});
