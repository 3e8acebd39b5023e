import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPricingStage, tokenOf, type PricingStage } from './testing/pricing-stage';
import { session, tariff, timeZone } from './testing/example-quote';
import { caseNames, cdrQuote, readCase, type QuotedPeriod } from './testing/quoted-cases';

let stage: PricingStage;

beforeAll(async () => {
  stage = await openPricingStage();
});
afterAll(() => stage?.stop());

type Sum = { exact: string; amountMinor: string };
type Report = {
  type: string;
  total: { exclTax: Sum; inclTax: Sum };
  billed: unknown;
  lines: { explanation: string; fromBoundary: string; toBoundary: string }[];
  periods: QuotedPeriod[];
  taxes: unknown;
  marks: string[];
  faults: { path: string; message: string }[];
};

const ask = async (body: unknown): Promise<{ status: number; report: Report }> => {
  const { status, body: report } = await stage.call('POST', '/v1/quotes', body);
  return { status, report: report as unknown as Report };
};

describe('the published price cases, asked as quotes', () => {
  it.each(caseNames)('%s', async (name) => {
    const one = readCase(name);
    const { refused, marks, ...expected } = one.expected;
    const { status, report } = await ask(one.body);
    if (refused !== undefined) {
      expect(status).toBe(422);
      // A zone that does not exist is a fault of the body like any other.
      const type = refused === 'time-zone-unknown' ? 'quote-invalid' : refused;
      expect(report.type).toBe(`urn:tallywatt:problem:${type}`);
      return;
    }
    expect({ status, ...report }).toMatchObject({ status: 200, ...expected });
    // Beside those of the meter a quote has marks of its own.
    expect(report.marks).toEqual(expect.arrayContaining([...(marks ?? [])]));
    // Its periods, sent back as a CDR, cost the same: OCPI has all the cuts it needs.
    if (!name.startsWith('ocpi-')) return;
    const again = await ask(cdrQuote(one, report.periods));
    const { total } = report;
    expect({ status: again.status, total: again.report.total }).toEqual({ status: 200, total });
    const { billed, taxes, lines } = again.report;
    expect({ billed, taxes }).toEqual({ billed: report.billed, taxes: report.taxes });
    expect(lines.map(withoutBoundaries)).toEqual(report.lines.map(withoutBoundaries));
  });
});

// A CDR does not tell what was measured.
const withoutBoundaries = ({
  explanation: _,
  fromBoundary: __,
  toBoundary: ___,
  ...line
}: Report['lines'][number]): object => line;

describe('a quote over HTTP', () => {
  const good = { tariff, timeZone, session };

  it.each(['operator', 'finance', 'driver'])('answers a token of the role %s', async (role) => {
    const token = tokenOf('default', role);
    expect(await stage.call('POST', '/v1/quotes', good, token)).toMatchObject({ status: 200 });
  });

  it('answers nobody without a token, or without a role', async () => {
    expect(await stage.call('POST', '/v1/quotes', good, 'none')).toMatchObject({ status: 401 });
    const stranger = tokenOf('default', 'janitor');
    expect(await stage.call('POST', '/v1/quotes', good, stranger)).toMatchObject({ status: 403 });
  });

  const nested = (open: string, close: string): string =>
    `{"tariff":{"elements":${open.repeat(100_000)}1${close.repeat(100_000)}}}`;

  // The titles stay short: some of these bodies are megabytes.
  it.each([
    { what: 'half a body', body: '{"tariff":', status: 400 },
    { what: 'no body', body: '', status: 400 },
    { what: 'a text', body: '"text"', status: 400 },
    { what: 'a list', body: '[]', status: 422 },
    { what: 'another type', body: JSON.stringify(good), contentType: 'text/plain', status: 415 },
    { what: 'nine megabytes', body: `{"x":"${'x'.repeat(9_000_000)}"}`, status: 413 },
    { what: 'deep lists', body: nested('[', ']'), status: 422 },
    { what: 'deep objects', body: nested('{"a":', '}'), status: 422 },
  ])('refuses $what with $status', async ({ body, contentType, status }) => {
    const headers = contentType === undefined ? {} : { 'content-type': contentType };
    expect(await stage.post('/v1/quotes', body, headers)).toMatchObject({
      status,
      contentType: expect.stringContaining('application/problem+json'),
    });
  });

  it('reads numbers as they were written, and refuses those it cannot', async () => {
    const text = JSON.stringify(good);
    const cheap = text
      .replace('"price":0.6', '"price":1e-1')
      .replace('"price":0.4', '"price":0.10');
    const answer = await stage.post('/v1/quotes', cheap);
    expect(answer).toMatchObject({ status: 200, body: { energy: { exclTax: { exact: '1' } } } });
    const long = text.replace('"price":0.6', '"price":0.6000000000000000001');
    expect(await stage.post('/v1/quotes', long)).toMatchObject({
      status: 422,
      body: { faults: [{ path: '$.tariff.elements[0].price_components[0].price' }] },
    });
  });

  it('lists the faults of a tariff each time it is asked about', async () => {
    const bad = { ...good, tariff: { ...tariff, currency: 'EURO' }, timeZone: 'Nowhere' };
    for (const _ of [1, 2]) {
      expect(await ask(bad)).toMatchObject({
        status: 422,
        report: { faults: [{ path: '$.tariff.currency' }, { path: '$.timeZone' }] },
      });
    }
  });

  it('writes nothing', async () => {
    const pool = stage.poolOf(stage.databaseUrl);
    const rows = async (): Promise<unknown> =>
      (await pool.query('SELECT (SELECT count(*) FROM tariffs) + (SELECT count(*) FROM cdrs) AS n'))
        .rows;
    const before = await rows();
    expect((await ask(good)).status).toBe(200);
    expect(await rows()).toEqual(before);
  });

  it('never answers with an error of ours', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('tariff', 'timeZone', 'session', 'cdr', 'at', 'currency', 'entitlement'),
        fc.jsonValue(),
        async (name, value) => {
          const { status } = await ask({ ...good, [name]: value });
          expect([200, 422]).toContain(status);
        },
      ),
      { numRuns: 150 },
    ));
});

describe('docs/quotes.md', () => {
  const text = readFileSync(join(__dirname, '../../../docs/quotes.md'), 'utf8');
  const examples = [...text.matchAll(/```bash\ncurl .*?-d '(.*?)'\n```.*?```json\n(.*?)```/gs)];

  it('has two examples', () => expect(examples).toHaveLength(2));

  it.each([0, 1])('says what example %i answers', async (index) => {
    const [, body = '', expected = ''] = examples[index] ?? [];
    const answer = await stage.post('/v1/quotes', body);
    expect(answer).toMatchObject({ status: 200, body: JSON.parse(expected) as object });
  });
});
