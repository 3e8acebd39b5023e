import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SessionCharged } from '@tallywatt/charge-point-simulator';
import { chargePointPassword, serviceNames, until } from '@tallywatt/demonstration';
import { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';
import {
  startTraceCollector,
  wayUp,
  type CollectedSpan,
  type TraceCollector,
} from './trace-collector';
import { connectCharger, speed, virtualStart } from './traffic';
import { untilPaid } from './waiting';

const chargerId = 'TRACE-1';
const idTag = 'TAGTRACE1';
const driverId = 'a-driver-by-name';
const patienceMs = 120_000;
/** What Kubernetes gives a service after SIGTERM before it kills it. */
const stopLimitMs = 25_000;
const preload = resolve(__dirname, '../../../libs/service-kit/dist/telemetry.js');

let tested: TestSystem | undefined;
let collector: TraceCollector | undefined;
let charged: SessionCharged | undefined;

const underTest = () => {
  if (tested === undefined || collector === undefined || charged === undefined) {
    throw new Error('no session was charged');
  }
  return { ...tested, collector, charged };
};
const logged = <Arguments extends readonly unknown[]>(
  test: (...given: Arguments) => Promise<void>,
) => withLogs(() => [tested], test);

const charge = async (id: string): Promise<SessionCharged> => {
  if (tested === undefined) throw new Error('the system is not running');
  const { system, api } = tested;
  const clock = { start: virtualStart(), speed };
  const { charger, idTag: tag } = await connectCharger(system, api, id, clock);
  try {
    const outcome = await charger.runSession({
      connectorId: 1,
      idTag: tag,
      energyWh: 11_003n,
      meterIntervalSeconds: 600,
      idleMinutesAfter: 2,
    });
    if (!outcome.started) throw new Error(`Authorize was answered ${outcome.authorizeStatus}`);
    return outcome;
  } finally {
    await charger.disconnect();
  }
};

const sessionIdOf = async ({ transactionId }: SessionCharged, id: string): Promise<string> => {
  const { api } = underTest();
  const sessions = await api.list<{ id: string; ocppTransactionId: string }>(
    'ocppGateway',
    `/v1/sessions?chargePointId=${id}`,
  );
  const found = sessions.find((session) => session.ocppTransactionId === String(transactionId));
  if (found === undefined) throw new Error(`no session of transaction ${transactionId}`);
  return found.id;
};

/** A span that lasts longer than its child is sent after it, by another batch as may be. */
const isWhole = (trace: readonly CollectedSpan[]): boolean => {
  const ids = new Set(trace.map(({ spanId }) => spanId));
  return trace.every(({ parentSpanId }) => parentSpanId === undefined || ids.has(parentSpanId));
};

/** The session's trace, once it holds a span of that name, and the parent of every span. */
const traceWith = (name: string): Promise<readonly CollectedSpan[]> =>
  until(
    `span ${name} in a trace without gaps`,
    () => {
      const spans = underTest().collector.spans();
      const start = spans.find(
        (span) =>
          span.name === 'OCPP StartTransaction' &&
          span.attributes['tallywatt.charge_point_id'] === chargerId,
      );
      const trace = spans.filter(({ traceId }) => traceId === start?.traceId);
      const isThere = trace.some((span) => span.name === name) && isWhole(trace);
      return Promise.resolve(isThere ? trace : undefined);
    },
    patienceMs,
  );

const named = (trace: readonly CollectedSpan[], name: string): CollectedSpan => {
  const found = trace.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name}`);
  return found;
};

type LogLine = Readonly<{
  msg?: string;
  trace_id?: string;
  sessionId?: string;
  chargePointId?: string;
}>;

const linesOf = (name: string): LogLine[] =>
  readFileSync(join(underTest().system.directory, 'logs', `${name}.log`), 'utf8')
    .split('\n')
    // The last one may still be being written.
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);

beforeAll(async () => {
  collector = await startTraceCollector();
  tested = await startTestSystem('trace', {
    LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '200',
  });
  charged = await charge(chargerId);
});

afterAll(async () => {
  if (tested !== undefined) await endTestSystem(tested);
  await collector?.close();
});

/** Where the events of a session that is paid for and booked have gone. */
const publishedTopics = [
  'access.decisions.v1',
  'charging.sessions.v1',
  'pricing.cdrs.v1',
  'payments.payments.v1',
  'payments.settlements.v1',
  'ledger.journal.v1',
];

const wayFrom = (trace: readonly CollectedSpan[], name: string): string[] =>
  wayUp(trace, named(trace, name)).map((span) => `${span.service}: ${span.name}`);

/** All that is said of the session, up to its last journal entry and who reads that. */
const sessionTrace = async (): Promise<readonly CollectedSpan[]> => {
  await traceWith('journal cdr.issued');
  for (const topic of publishedTopics) await traceWith(`publish ${topic}`);
  await traceWith('reconciliation JournalEntryPosted');
  return traceWith('journal payment.captured');
};

describe('the trace of a session', () => {
  it(
    'leads from the frame of its start to its journal entries, through every service',
    logged(async () => {
      const { api, charged: outcome } = underTest();
      await untilPaid(api, await sessionIdOf(outcome, chargerId));
      const trace = await sessionTrace();

      expect(new Set(trace.map(({ service }) => service))).toEqual(new Set(serviceNames));
      expect(wayFrom(trace, 'journal cdr.issued')).toEqual([
        'ledger: journal cdr.issued',
        'ledger: ledger CdrIssued',
        'pricing-engine: pricing-engine SessionClosed',
        'ocpp-gateway: OCPP StopTransaction',
        'ocpp-gateway: OCPP StartTransaction',
      ]);
      expect(wayFrom(trace, 'journal payment.captured')).toEqual([
        'ledger: journal payment.captured',
        'ledger: ledger BalanceTransactionRecorded',
        'payment-capture: processor capture',
        'payment-capture: payment-capture CdrIssued',
        'pricing-engine: pricing-engine SessionClosed',
        'ocpp-gateway: OCPP StopTransaction',
        'ocpp-gateway: OCPP StartTransaction',
      ]);
      expect(wayFrom(trace, 'authorization Authorize')).toEqual([
        'authorization: authorization Authorize',
        'ocpp-gateway: tallywatt.access.v1.AuthorizationService/Authorize',
        'ocpp-gateway: OCPP StartTransaction',
      ]);
    }),
  );

  it(
    'has no gap: every span but the first has its parent',
    logged(async () => {
      // What is still on its way is waited for; a parent that was never made would never come.
      await until(
        'every parent has arrived',
        async () => {
          const trace = await sessionTrace();
          const ids = new Set(trace.map(({ spanId }) => spanId));
          const lost = trace.filter(
            ({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId),
          );
          return lost.length === 0 ? true : undefined;
        },
        patienceMs,
      );
      const roots = (await sessionTrace()).filter(({ parentSpanId }) => parentSpanId === undefined);
      expect(roots.map(({ name }) => name)).toEqual(['OCPP StartTransaction']);
    }),
  );

  it(
    'shows the database, Kafka and the processor',
    logged(async () => {
      const trace = await sessionTrace();
      const hasQuery = (service: string): boolean =>
        trace.some((span) => span.service === service && span.scope.endsWith('-pg'));
      expect(serviceNames.filter((service) => !hasQuery(service))).toEqual([]);
      const call = trace.find(
        (span) => span.service === 'payment-capture' && span.scope.endsWith('-http'),
      );
      expect(
        wayUp(trace, call ?? named(trace, 'a call of Stripe')).map(({ name }) => name),
      ).toEqual(expect.arrayContaining([expect.stringMatching(/^processor /)]));
      const published = trace.filter(({ name }) => name.startsWith('publish '));
      // What the session would cost is said only where its facts do not all come at once.
      const topics = new Set(published.map(({ name }) => name));
      topics.delete('publish pricing.estimates.v1');
      // A frame is committed with what it means, or with what comes next.
      topics.delete('publish charging.frames.v1');
      expect(topics).toEqual(new Set(publishedTopics.map((topic) => `publish ${topic}`)));
    }),
  );

  it(
    'names the session and nobody: no tag, no card, no password',
    logged(async () => {
      const { charged: outcome, collector: receiver, system } = underTest();
      const removal = `${system.addresses.authorization}/v1/drivers/${driverId}/membership`;
      const headers = { authorization: `Bearer ${system.operatorToken}` };
      await (await fetch(`${removal}?who=${driverId}`, { method: 'DELETE', headers })).text();
      await until(
        'the span of a request',
        () =>
          Promise.resolve(
            receiver.spans().find(({ attributes }) => attributes['url.path'] === '/v1/drivers'),
          ),
        patienceMs,
      );
      const trace = await sessionTrace();
      const sessionId = await sessionIdOf(outcome, chargerId);
      const sessions = trace.flatMap((span) => span.attributes['tallywatt.session_id'] ?? []);
      expect(new Set(sessions)).toEqual(new Set([sessionId]));
      const sent = receiver.text();
      const secrets = [driverId, idTag, chargePointPassword, 'pm_card_visa', 'sk_test', 'whsec_'];
      expect(secrets.filter((secret) => sent.includes(secret))).toEqual([]);
      expect(sent).not.toContain(new URL(system.addresses.postgres).password);
    }),
  );

  it(
    'is named in the log of every service, with the session',
    logged(async () => {
      const { charged: outcome } = underTest();
      const [span] = await sessionTrace();
      const sessionId = await sessionIdOf(outcome, chargerId);
      const ofSession = { trace_id: span?.traceId, sessionId };
      const { trace_id } = ofSession;
      // The decision is asked for before there is a session.
      const decided = { trace_id, chargePointId: chargerId, msg: 'charging decided' };
      for (const service of serviceNames) {
        const wanted = Object.entries(service === 'authorization' ? decided : ofSession);
        await until(
          `the log of ${service} names ${JSON.stringify(wanted)}`,
          () => {
            const isWanted = (line: LogLine): boolean =>
              wanted.every(([name, value]) => line[name as keyof LogLine] === value);
            return Promise.resolve(linesOf(service).some(isWanted) || undefined);
          },
          patienceMs,
        );
      }
    }),
  );
});

describe('a collector that is away', () => {
  it(
    'neither stops sessions nor services, and is complained of once',
    logged(async () => {
      const { api, system, collector: receiver } = underTest();
      await receiver.close();
      const outcome = await charge('TRACE-2');
      await untilPaid(api, await sessionIdOf(outcome, 'TRACE-2'));
      const complaintsOf = (service: string): number =>
        linesOf(service).filter(({ msg }) => msg?.startsWith('telemetry: ')).length;
      for (const service of serviceNames) {
        await until(
          `${service} says that its traces do not arrive`,
          () => Promise.resolve(complaintsOf(service) > 0 ? true : undefined),
          patienceMs,
        );
        const startedMs = performance.now();
        expect(await system.services[service].stop()).toEqual({ code: 0, signal: null });
        expect(performance.now() - startedMs).toBeLessThan(stopLimitMs);
        expect({ service, complaints: complaintsOf(service) }).toEqual({ service, complaints: 1 });
      }
    }),
  );
});

describe('without an address to send traces to', () => {
  const loaded = (environment: Readonly<Record<string, string>>): string[] => {
    const program = `console.log(JSON.stringify(Object.keys(require.cache)))`;
    const { PATH = '' } = process.env;
    const output = execFileSync(process.execPath, ['--require', preload, '-e', program], {
      env: { PATH, ...environment },
      encoding: 'utf8',
    });
    return (JSON.parse(output) as string[]).filter((file) => file.includes('@opentelemetry'));
  };

  it('nothing of the SDK is loaded', () => {
    expect(loaded({})).toEqual([]);
    expect(loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual([]);
    expect(loaded({ OTEL_SERVICE_NAME: 'ledger', OTEL_TRACES_SAMPLER: 'always_on' })).toEqual([]);
  });

  it('it is, with one', () => {
    const found = loaded({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/v1/traces' });
    expect(found.length).toBeGreaterThan(10);
  });
});
