import { connectionHash, type FramesRecorded, verifyFrameChain } from '@tallywatt/contracts';
import { eventually } from '@tallywatt/testing';
import { FrameKeys } from './outbound/frame-keys';
import { GatewayStage, start, stop } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

const framesOf = async (chargePointId: string): Promise<FramesRecorded[]> => {
  const found = await stage.inKafka(
    'charging.frames.v1',
    (event) => event.type === 'FramesRecorded' && event.chargePointId === chargePointId,
  );
  return found.map(({ event }) => event as FramesRecorded);
};

/** What was said on the one connection of a charge point, once its end is recorded. */
const whole = (chargePointId: string) =>
  eventually(async () => {
    const events = await framesOf(chargePointId);
    const chain = verifyFrameChain(events);
    expect(chain.endedAt).toBeDefined();
    const texts = events.flatMap(({ frames }) =>
      frames.map(({ direction, text }) => `${direction === 'sent' ? '<' : '>'} ${text}`),
    );
    return { chain, texts, events };
  });

const enc = /\{"enc":"v1:[A-Za-z0-9_-]{16}:[A-Za-z0-9+/]+=*"\}/;
const messageId = /"[0-9a-f-]{36}"/;
const shape = (text: string): string =>
  text
    .replace(new RegExp(enc, 'g'), '<enc>')
    .replace(messageId, '#')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<at>');

describe('what is said on a connection', () => {
  it('is in the log frame by frame, chained, tags encrypted', async () => {
    const { call, client } = await stage.newCharger('CP-FRAMES');
    await call('Heartbeat', {});
    await call('Authorize', { idTag: 'GOOD' });
    const { transactionId } = await call('StartTransaction', start());
    await call('StopTransaction', stop(transactionId, { idTag: 'good' }));
    await client.close();
    const { chain, texts, events } = await whole('CP-FRAMES');
    expect(chain).toMatchObject({ frames: 8, lost: 0, faults: [] });
    const { connectionId } = chain;
    expect(events[0]?.previousHash).toBe(connectionHash('default', 'CP-FRAMES', connectionId));
    expect(texts.map(shape)).toEqual([
      '> [2,#,"Heartbeat",{}]',
      '< [3,#,{"currentTime":"<at>"}]',
      '> [2,#,"Authorize",{"idTag":<enc>}]',
      '< [3,#,{"idTagInfo":{"status":"Accepted"}}]',
      '> [2,#,"StartTransaction",{"connectorId":1,"idTag":<enc>,"meterStart":1000,"timestamp":"<at>"}]',
      `< [3,#,{"transactionId":${transactionId},"idTagInfo":{"status":"Accepted"}}]`,
      `> [2,#,"StopTransaction",{"transactionId":${transactionId},"timestamp":"<at>","meterStop":6000,"idTag":<enc>}]`,
      '< [3,#,{}]',
    ]);
    const stations = await stage.inKafka(
      'charging.stations.v1',
      (event) => event.type === 'StationConnected' && event.chargePointId === 'CP-FRAMES',
    );
    expect(stations.map(({ event }) => 'connectionId' in event && event.connectionId)).toEqual([
      connectionId,
    ]);
  });

  it('is durable before a stop is confirmed', async () => {
    const { call } = await stage.newCharger('CP-DURABLE');
    const { transactionId } = await call('StartTransaction', start('TAGGED'));
    await call('StopTransaction', stop(transactionId));
    const { rows } = await stage.pool.query<{ value: string }>(
      `SELECT value FROM event_log.outbox
       WHERE topic = 'charging.frames.v1' AND stream_key = 'default/CP-DURABLE' ORDER BY sequence`,
    );
    const said = rows.map(({ value }) => value).join();
    expect(said).toContain('StartTransaction');
    expect(said).toContain('StopTransaction');
    expect(said).not.toContain('TAGGED');
  });

  it('is there where it was refused, broken or no frame at all', async () => {
    const { client } = await stage.newCharger('CP-ODD', { isStrict: false });
    const said = [
      '[2,"a","Authorize",{"idTag":"A-TAG-THAT-IS-FAR-TOO-LONG","x":1}]',
      '[2,"b","MadeUp",{"idTag":"TAG-1"}]',
      '[2,"c","Authorize",{"idTag":"TAG-2"',
      'hello TAG-3',
      '[2,"d","DataTransfer",{"vendorId":"V","data":"TAG-4"}]',
    ];
    for (const text of said) (client as unknown as { sendRaw(t: string): void }).sendRaw(text);
    await eventually(async () => {
      const { rows } = await stage.pool.query(
        `SELECT FROM event_log.outbox WHERE topic = 'charging.frames.v1'
           AND stream_key = 'default/CP-ODD' AND value LIKE '%UnknownVendorId%'`,
      );
      expect(rows).toHaveLength(1);
    });
    await client.close({ force: true });
    const { chain, texts } = await whole('CP-ODD');
    expect(chain).toMatchObject({ frames: 10, faults: [] });
    expect(texts.filter((text) => text.startsWith('>')).map(shape)).toEqual([
      '> [2,"a","Authorize",{"idTag":<enc>,"x":1}]',
      '> [2,"b","MadeUp",{"idTag":<enc>}]',
      '> <enc>',
      '> <enc>',
      '> [2,"d","DataTransfer",{"vendorId":"V","data":<enc>}]',
    ]);
    expect(texts.join()).not.toMatch(/TAG/);
  });

  it('is whole where a frame is as large as may be', async () => {
    const { client } = await stage.newCharger('CP-LARGE', { isStrict: false });
    const text = `[2,"x","DataTransfer",{"vendorId":"${'\\u0000'.repeat(43_000)}"}]`;
    (client as unknown as { sendRaw(t: string): void }).sendRaw(text);
    await client.close();
    const { chain, texts } = await whole('CP-LARGE');
    expect(chain).toMatchObject({ frames: 2, lost: 0, faults: [] });
    expect(texts[0]).toHaveLength(text.length + 2);
  });

  it('can be read as it was said by whoever says why, until it is erased', async () => {
    const { call, client } = await stage.newCharger('CP-READ');
    await call('Authorize', { idTag: 'Read-Me' });
    await call('Authorize', { idTag: 'OTHER' });
    await call('DataTransfer', { vendorId: 'V', data: 'vendor-data' });
    await client.close();
    await whole('CP-READ');
    const said = async (query = '', reason?: string): Promise<string> => {
      const headers = reason === undefined ? {} : { 'decrypted-for': encodeURIComponent(reason) };
      const path = `/v1/charge-points/CP-READ/frames${query}`;
      const { status, body } = await stage.api(path, undefined, headers);
      expect(status).toBe(200);
      const items = body['items'] as { frames: { number: number; text: string }[] }[];
      return items.flatMap(({ frames }) => frames.map(({ text }) => text)).join();
    };
    expect(await said()).not.toMatch(/Read-Me|OTHER|vendor-data/);
    expect(await said('?decryptedFor=complaint%2017')).toMatch(
      /\{"idTag":"Read-Me"\}.*\{"idTag":"OTHER"\}.*"data":"vendor-data"/,
    );
    const erasures = [
      { idToken: 'READ-ME' },
      { chargePointId: 'CP-READ', before: new Date().toISOString() },
    ];
    for (const body of erasures) {
      const erased = await stage.api('/v1/frames/erasures', body);
      expect(erased).toMatchObject({ status: 200, body: { keysErased: 1 } });
    }
    const left = await said('', 'Beschwerde für 17');
    expect(left).toMatch(
      /\{"idTag":\{"enc":"erased"\}\}.*\{"idTag":"OTHER"\}.*"data":\{"enc":"erased"\}/,
    );
    expect(verifyFrameChain(await framesOf('CP-READ')).faults).toEqual([]);
    const { rows } = await stage.pool.query(`SELECT shown_to, reason FROM frame_disclosures`);
    expect(rows).toEqual([
      { shown_to: 'op', reason: 'complaint 17' },
      { shown_to: 'op', reason: 'Beschwerde für 17' },
    ]);
    // What is said from here on is not erased.
    const again = await stage.dial('CP-READ');
    await again.call('Authorize', { idTag: 'Read-Me' });
    await again.client.close();
    await eventually(async () => expect(await said('?decryptedFor=x')).toContain('"Read-Me"'));
    expect(await stage.api('/v1/frames/erasures', {})).toMatchObject({ status: 422 });
  });

  it('is not taken for our own encryption where a charger says that it is', async () => {
    const { client } = await stage.newCharger('CP-FORGER', { isStrict: false });
    const forged = `{"enc":"v1:${'A'.repeat(16)}:${'B'.repeat(64)}"}`;
    const text = `[2,"f","StatusNotification",{"info":${forged}}]`;
    (client as unknown as { sendRaw(t: string): void }).sendRaw(text);
    await client.close();
    const { texts } = await whole('CP-FORGER');
    expect(texts.join()).not.toContain(forged);
    const shown = await stage.api('/v1/charge-points/CP-FORGER/frames?decryptedFor=x');
    expect(JSON.stringify(shown.body)).toContain(JSON.stringify(text).slice(1, -1));
  });

  it('has one key where two write it down at the same time', async () => {
    const keys = new FrameKeys([Buffer.alloc(32, 1)], () => Date.now());
    const { keyId } = keys.keyOf('default', 'an-owner');
    const [one, other] = [await stage.pool.connect(), await stage.pool.connect()];
    for (const client of [one, other]) await client.query('BEGIN');
    for (const client of [one, other]) await keys.save(client, [keyId]);
    for (const client of [one, other]) await client.query('COMMIT');
    const madeBefore = new Date(Date.now() + 1_000);
    const owner = { cpoId: 'default', ownerMark: 'an-owner', madeBefore };
    expect(await keys.erase(one, owner, 'op')).toBe(1);
    for (const client of [one, other]) client.release();
    expect(await keys.find(stage.pool, 'default', [keyId])).toEqual(new Map());
  });

  it('is kept while the database is away, and a charger is answered as soon as ever', async () => {
    const { call, client } = await stage.newCharger('CP-AWAY');
    // Idle connections of the test itself break, too.
    stage.pool.on('error', () => undefined);
    await call('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' });
    await stage.servers.postgres.stopNow();
    try {
      for (let n = 0; n < 20; n += 1) await call('DataTransfer', { vendorId: `V-${n}` });
    } finally {
      await stage.servers.postgres.start();
    }
    await client.close();
    const { chain, texts } = await whole('CP-AWAY');
    expect(chain).toMatchObject({ frames: 42, lost: 0, faults: [] });
    expect(texts.filter((text) => text.includes('"V-'))).toHaveLength(20);
  });
});
