import {
  contentHashOf,
  openPricingStage,
  type PricingStage,
  tariffJson,
  tokenOf,
} from './testing/pricing-stage';

let stage: PricingStage;
const call = (...words: Parameters<PricingStage['call']>) => stage.call(...words);

beforeAll(async () => {
  stage = await openPricingStage();
});
afterAll(() => stage?.stop());

describe('a tariff that is handed in', () => {
  it('is published as version 1, and as the next one when it says something else', async () => {
    const contentHash = contentHashOf('ac', 0.5);
    expect(await call('PUT', '/v1/tariffs/ac', tariffJson(0.5))).toMatchObject({
      status: 201,
      body: { tariffId: 'ac', version: '1', contentHash, warnings: [] },
    });
    const again = await call('PUT', '/v1/tariffs/ac', { ...tariffJson(0.5), id: 'ac' });
    expect(again).toMatchObject({ status: 200, body: { version: '1', contentHash } });
    const changed = await call('PUT', '/v1/tariffs/ac', tariffJson(0.55));
    expect(changed).toMatchObject({ status: 201, body: { version: '2' } });

    const first = await call('GET', '/v1/tariffs/ac/versions/1');
    expect(first.body).toMatchObject({ contentHash, tariff: { id: 'ac', currency: 'EUR' } });
    expect((await call('GET', '/v1/tariffs/ac')).body).toMatchObject({ version: '2' });
    expect((await call('GET', '/v1/tariffs?limit=1')).body).toMatchObject({
      items: [{ tariffId: 'ac', version: '2', billsParkingTime: true }],
      next: null,
    });
  });

  it('is shown as plain OCPI on demand, with what that leaves out', async () => {
    const elements = [
      ...tariffJson(0.5).elements,
      { price_components: [{ type: 'ENERGY', price: 0.1, vat: 19, step_size: 1 }] },
    ];
    const tallywatt = { idle_grace_seconds: 600 };
    const published = await call('PUT', '/v1/tariffs/plain', {
      ...tariffJson(0.5),
      elements,
      tallywatt,
    });
    expect(published).toMatchObject({
      status: 201,
      body: {
        warnings: [
          {
            path: '$.elements[1].price_components[0]',
            message: 'never applies: element 0 before it asks for the same and prices ENERGY first',
          },
        ],
      },
    });
    const path = '/v1/tariffs/plain/versions/1';
    expect((await call('GET', path)).body).toMatchObject({ tariff: { tallywatt } });
    const plain = { ...tariffJson(0.5), id: 'plain', elements };
    for (const address of [`${path}?form=ocpi`, '/v1/tariffs/plain?form=ocpi']) {
      expect((await call('GET', address)).body).toEqual(
        expect.objectContaining({
          tariff: plain,
          flags: [
            {
              path: '$.tallywatt.idle_grace_seconds',
              message: 'is not seen: idle time seems billed from its first second',
            },
          ],
        }),
      );
    }
    expect((await call('GET', `${path}?form=csv`)).status).toBe(422);
  });

  it('gets each version once when the same content is handed in at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        call('PUT', '/v1/tariffs/contended', tariffJson(1 + (index % 2))),
      ),
    );
    const created = answers.filter(({ status }) => status === 201);
    const versions = created.map(({ body }) => Number(body.version)).sort((a, b) => a - b);
    expect(versions).toEqual(versions.map((_, index) => index + 1));
  });

  it('is refused with every fault at its place', async () => {
    const answer = await call('PUT', '/v1/tariffs/bad', {
      id: 'other',
      currency: 'EURO',
      elements: [{ price_components: [{ type: 'ENERGIE', price: 'cheap' }] }],
    });
    expect(answer).toMatchObject({
      status: 422,
      contentType: expect.stringContaining('application/problem+json'),
      body: { type: 'urn:tallywatt:problem:tariff-invalid' },
    });
    const component = '$.elements[0].price_components[0]';
    expect(answer.body.faults.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        '$.id',
        '$.currency',
        `${component}.type`,
        `${component}.price`,
        `${component}.step_size`,
      ]),
    );
    expect((await call('GET', '/v1/tariffs/bad')).status).toBe(404);
    expect((await call('PUT', '/v1/tariffs/bad', ['no tariff'])).status).toBe(422);
    const large = { ...tariffJson(1), tariff_alt_text: 'x'.repeat(500_000) };
    expect((await call('PUT', '/v1/tariffs/bad', large)).body.faults).toMatchObject([
      { path: '$' },
    ]);
    for (const text of ['a\0b', 'half \ud83d']) {
      const odd = { ...tariffJson(1), tariff_alt_text: [{ language: 'en', text }] };
      const { status, body } = await call('PUT', '/v1/tariffs/bad', odd);
      expect(status).toBe(422);
      expect(body.faults.map(({ path }) => path)).toEqual(['$.tariff_alt_text[0].text']);
    }
    expect((await call('PUT', '/v1/tariffs/b%00d', tariffJson(1))).status).toBe(422);
    expect((await call('GET', '/v1/tariffs/b%00d')).status).toBe(404);
  });

  it('is a matter of its own CPO and of operators', async () => {
    const finance = tokenOf('default', 'finance');
    expect((await call('PUT', '/v1/tariffs/ac', tariffJson(9), finance)).status).toBe(403);
    const stranger = tokenOf('another', 'operator');
    expect((await call('GET', '/v1/tariffs/ac', undefined, stranger)).status).toBe(404);
    expect((await call('GET', '/v1/tariffs', undefined, stranger)).body.items).toEqual([]);
  });

  it.each(["UPDATE tariff_versions SET currency = 'USD'", 'DELETE FROM tariff_versions'])(
    'cannot be changed in the database: %s',
    (sql) =>
      expect(stage.poolOf(stage.databaseUrl).query(sql)).rejects.toThrow(
        'keeps what was published',
      ),
  );
});
