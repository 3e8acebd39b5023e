import { FrameErasures } from './frame-erasures';
import { keyIdOf } from './frame-cipher';
import { FrameKeys } from './frame-keys';
import { FrameBudget, FrameRecorder } from './frame-recorder';
import { RememberedMarks } from './frame-sealing';
import { SignedValues } from './signed-values';
import { tokenMarkWith } from './token-mark';

const connection = {
  cpoId: 'default',
  chargePointId: 'CP-EVIL',
  connectionId: '6f1f2c1e-0000-4000-8000-000000000001',
  connectedAt: '2026-11-20T10:00:00.000Z',
  ocppVersion: '1.6',
  securityProfile: 1,
} as const;
const markOf = tokenMarkWith(Buffer.alloc(32, 2));

/** What is stored of frames, and how many keys it needs. */
const recorded = (direction: 'received' | 'sent', texts: readonly string[]) => {
  const sealing = { keys: new FrameKeys([Buffer.alloc(32, 1)], () => 0), tokenMark: markOf };
  const recorder = new FrameRecorder(connection, sealing, new FrameBudget(32_000_000));
  for (const text of texts) recorder.record({ direction, at: connection.connectedAt, text }, 0);
  const batches = recorder.unwritten(0);
  return {
    text: JSON.stringify(batches.map(({ outgoing }) => outgoing.event)),
    keys: new Set(batches.flatMap(({ keyIds }) => keyIds)).size,
  };
};
const withTags = (tags: readonly string[]): string =>
  JSON.stringify([2, 'm', 'Heartbeat', { list: tags.map((idTag) => ({ idTag })) }]);

describe('tokens that a charger makes up', () => {
  it('have one key together where they are more than a message can name', () => {
    const frames = Array.from({ length: 15 }, (_, frame) =>
      withTags(Array.from({ length: 4_000 }, (_, n) => `${frame}-TAG-${n}`)),
    );
    const { keys, text } = recorded('received', frames);
    expect(keys).toBe(1);
    expect(text).not.toContain('-TAG-');
  });

  it('have keys of their own until they are more than drivers can be', () => {
    const frames = Array.from({ length: 2_400 }, (_, n) => withTags([`TAG-${n}`]));
    const { keys, text } = recorded('received', frames);
    expect(keys).toBe(2_001);
    expect(text).not.toContain('TAG-');
  });

  it('are not told apart once they have one key together', () => {
    const tags = Array.from({ length: 2_000 }, (_, n) => `TAG-${n}`);
    const { text } = recorded(
      'received',
      [...tags, 'SAME', 'SAME'].map((tag) => withTags([tag])),
    );
    const sealed = [...text.matchAll(/v1:([\w-]+):([\w+/=]+)/g)].map(([whole, keyId]) => ({
      whole,
      keyId,
    }));
    const [one, other] = sealed.slice(-2);
    expect(one?.keyId).toBe(other?.keyId);
    expect(one?.whole).not.toBe(other?.whole);
  });

  it('have no more keys for what meters sign', () => {
    const values = new SignedValues(new FrameKeys([Buffer.alloc(32, 1)], () => 0), markOf);
    const keyIds = Array.from({ length: 2_100 }, (_, n) =>
      keyIdOf(values.sealing(connection, `TAG-${n}`)({ data: 'OCMF' }).sealedData),
    );
    expect(new Set(keyIds).size).toBe(2_001);
  });

  it('do not limit the local lists that we send', () => {
    const list = withTags(Array.from({ length: 500 }, (_, n) => `TAG-${n}`));
    expect(recorded('sent', [list]).keys).toBe(500);
  });
});

it('encrypts a token that is said again once, and what else is under its key each time', () => {
  const signed = JSON.stringify([
    2,
    'm',
    'StopTransaction',
    {
      idTag: 'TAG-1',
      transactionData: [{ sampledValue: [{ value: 'OCMF', format: 'SignedData' }] }],
    },
  ]);
  const { text, keys } = recorded('received', [signed, signed]);
  const sealed = [...text.matchAll(/v1:[\w-]+:[\w+/=]+/g)].map(String);
  expect(keys).toBe(1);
  expect(sealed).toHaveLength(4);
  expect(sealed[2]).toBe(sealed[0]);
  expect(sealed[3]).not.toBe(sealed[1]);
});

it('encrypts what a charger says under a name that OCPP does not have', () => {
  const said = [2, 'm', 'StatusNotification', { connectorId: 1, info: 'seen', rfid: 'TAG-1' }];
  const { text } = recorded('received', [JSON.stringify(said)]);
  expect(text).not.toContain('TAG-1');
  expect(text).toContain('seen');
});

it('forgets a token, however it was written, once it is erased', () => {
  let asked = 0;
  const marks = new RememberedMarks((cpoId, idTag) => {
    asked += 1;
    return markOf(cpoId, idTag);
  });
  for (const tag of ['ABC', 'abc', 'ABC', 'OTHER']) marks.of('default', tag);
  expect(asked).toBe(3);
  marks.forget(new Set([markOf('default', 'ABC')]));
  for (const tag of ['ABC', 'abc', 'OTHER']) marks.of('default', tag);
  expect(asked).toBe(5);
});

it('looks through the tokens it remembers once for thousands of erasures', async () => {
  const keys = new FrameKeys([Buffer.alloc(32, 1)], () => 0);
  const marks = new RememberedMarks(markOf);
  const forget = jest.spyOn(marks, 'forget');
  const tags = Array.from({ length: 3_000 }, (_, n) => `TAG-${n}`);
  const rows = tags.map((tag) => ({
    cpo_id: 'default',
    owner_mark: marks.of('default', tag),
    made_before: new Date(1),
  }));
  const [old] = rows.map(({ owner_mark: ownerMark }) => keys.keyOf('default', ownerMark));
  const sql = { query: <R>() => Promise.resolve({ rows: rows as R[], rowCount: rows.length }) };
  const eventLog = { transaction: () => Promise.reject(new Error('nothing is erased here')) };
  await new FrameErasures({ sql, eventLog, keys, marks }).follow();
  expect(forget).toHaveBeenCalledTimes(1);
  expect(keys.keyOf('default', markOf('default', 'TAG-0'))).not.toBe(old);
});
