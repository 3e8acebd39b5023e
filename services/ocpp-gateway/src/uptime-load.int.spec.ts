import type { SqlClient } from '@tallywatt/event-log';
import { findUptimeFacts, type StationFacts } from './outbound/uptime-facts';
import { GatewayStage, registration } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterAll(() => stage?.stop());

const period = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-11T00:00:00.000Z' };

describe('the uptime of a page of charge points', () => {
  it('is looked through a few at a time', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `CP-UP-${String(n).padStart(2, '0')}`);
    await stage.api(
      '/v1/charge-points',
      ids.map((id) => registration(id)),
    );
    // Four statuses a day of each, the last of them with an error of its own.
    await stage.pool.query(
      `INSERT INTO connector_status_history
         (cpo_id, charge_point_id, connector_id, changed_at, status, error_code)
       SELECT 'default', id, 1, to_char($2::timestamptz + n * interval '6 hours',
         'YYYY-MM-DD"T"HH24:MI:SS.000"Z"'), CASE n WHEN 39 THEN 'Faulted' ELSE 'Available' END,
         CASE n WHEN 39 THEN id ELSE 'NoError' END
       FROM unnest($1::text[]) AS id, generate_series(0, 39) AS n`,
      [ids, period.from],
    );
    let rowsMost = 0;
    const sql: SqlClient = {
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      query: async <R = any>(text: string, values?: unknown[]) => {
        const { rows, rowCount } = await stage.pool.query(text, values);
        rowsMost = Math.max(rowsMost, rows.length);
        return { rows: rows as R[], rowCount };
      },
    };
    const found: StationFacts[] = [];
    const looked = { ...period, lookedAt: period.to };
    for await (const facts of findUptimeFacts(sql, 'default', ids, looked)) found.push(facts);
    expect(found.map(({ faults }) => faults)).toEqual(
      ids.map((id) => [{ connectorId: 1, errorCode: id, count: 1 }]),
    );
    expect(rowsMost).toBe(25 * 40);

    const asked = `/v1/uptime?from=${period.from}&to=${period.to}`;
    const { body } = await stage.api(`${asked}&limit=60`);
    const codes = (body['items'] as { connectors: { faults: { errorCode: string }[] }[] }[]).map(
      ({ connectors }) => connectors[0]?.faults[0]?.errorCode,
    );
    expect(codes).toEqual(ids);
    expect((await stage.api(`${asked}&limit=101`)).status).toBe(422);
  });
});
