import { type FramesRecorded, verifyFrameChain } from '@tallywatt/contracts';
import { FrameKeys } from './frame-keys';
import { type FrameBatch, FrameBudget, FrameRecorder } from './frame-recorder';
import { masterKeyOf, openedText } from './frame-cipher';
import { tokenMarkWith } from './token-mark';

const at = '2026-11-21T10:00:00.000Z';
const connection = {
  cpoId: 'cpo',
  chargePointId: 'CP-1',
  connectionId: 'c-1',
  connectedAt: at,
  ocppVersion: '1.6',
  securityProfile: 1,
};
const key = Buffer.alloc(32, 7);

const stage = (memoryBytes = 32_000_000) => {
  let nowMs = 0;
  const keys = new FrameKeys([masterKeyOf(key)], () => nowMs);
  const budget = new FrameBudget(memoryBytes);
  const recorder = new FrameRecorder(connection, { keys, tokenMark: tokenMarkWith(key) }, budget);
  return {
    keys,
    budget,
    recorder,
    wait: (ms: number) => (nowMs += ms),
    say: (text: string) => recorder.record({ direction: 'received', at, text }, 1_000),
  };
};
const eventsOf = (batches: readonly FrameBatch[]): FramesRecorded[] =>
  batches.map(({ outgoing }) => outgoing.event as FramesRecorded);
const padded = (bytes: number): string => `[3,"1",{"info":"${'a'.repeat(bytes)}"}]`;

describe('a recorder of frames', () => {
  it('says the same until it was written, and then what came since', () => {
    const { recorder, say } = stage();
    say('[3,"1",{}]');
    const first = recorder.unwritten(2_000);
    say('[3,"2",{}]');
    const second = recorder.unwritten(2_000);
    expect(second[0]).toBe(first[0]);
    recorder.written(first);
    expect(recorder.unwritten(2_000)).toEqual([second[1]]);
    recorder.written(second);
    expect(recorder.isEmpty).toBe(true);
    recorder.end(at);
    const end = recorder.unwritten(2_000);
    expect(verifyFrameChain(eventsOf([...second, ...end]))).toMatchObject({
      frames: 2,
      endedAt: at,
      faults: [],
    });
    expect(new Set([...second, ...end].map(({ outgoing }) => outgoing.id)).size).toBe(3);
  });

  it('is due when its first frame is, and again when nobody wrote it', () => {
    const { recorder, say } = stage();
    expect(recorder.dueAtMs).toBe(Infinity);
    say('[3,"1",{}]');
    recorder.record({ direction: 'sent', at, text: '[3,"2",{}]' }, 60_000);
    expect(recorder.dueAtMs).toBe(1_000);
    const batches = recorder.unwritten(5_000);
    expect(recorder.dueAtMs).toBe(5_000);
    recorder.written(batches);
    expect(recorder.dueAtMs).toBe(Infinity);
  });

  it('makes events that fit into the log', () => {
    const { recorder, say } = stage();
    for (let n = 0; n < 6; n += 1) say(padded(90_000));
    for (let n = 0; n < 600; n += 1) say('[3,"1",{}]');
    const events = eventsOf(recorder.unwritten(0));
    for (const event of events) {
      expect(event.frames.length).toBeLessThanOrEqual(500);
      expect(JSON.stringify(event).length).toBeLessThan(256_000);
    }
    expect(events.length).toBeLessThanOrEqual(5);
    expect(verifyFrameChain(events)).toMatchObject({ frames: 606, lost: 0, faults: [] });
  });

  it('says in the chain what there was no room for, and where', () => {
    const { recorder, say, budget } = stage(5_000);
    const heard = Array.from({ length: 30 }, () => say('[3,"1",{}]'));
    const kept = heard.filter(Boolean).length;
    expect(kept).toBeLessThan(30);
    const first = recorder.unwritten(0);
    recorder.written(first);
    expect(budget.bytes).toBe(0);
    expect(say('[3,"2",{}]')).toBe(true);
    const second = recorder.unwritten(0);
    expect(eventsOf(second)).toMatchObject([{ firstNumber: 31, framesLost: 30 - kept }]);
    recorder.end(at);
    const all = eventsOf([...first, ...recorder.unwritten(0)]);
    expect(verifyFrameChain(all)).toMatchObject({ frames: kept + 1, lost: 30 - kept, faults: [] });
  });

  it('says of a frame beyond all bounds that it is lost', () => {
    const { recorder, say, budget } = stage();
    say('[3,"1",{}]');
    say(`[3,"2",{"x":"${'é'.repeat(320_000)}"}]`);
    say('[3,"3",{}]');
    const batches = recorder.unwritten(0);
    expect(eventsOf(batches).map(({ firstNumber }) => firstNumber)).toEqual([1, 3]);
    expect(verifyFrameChain(eventsOf(batches))).toMatchObject({ frames: 2, lost: 1, faults: [] });
    recorder.written(batches);
    expect(budget.bytes).toBe(0);
  });

  it('encrypts what one token says under one key, for a day', () => {
    const { recorder, say, wait, keys } = stage();
    const said = '[2,"1","Authorize",{"idTag":"Tag-1"}]';
    for (const text of [said, said.replace('Tag', 'TAG'), said.replace('1"}', '2"}')]) say(text);
    recorder.unwritten(0);
    wait(24 * 60 * 60 * 1_000);
    say(said);
    const texts = eventsOf(recorder.unwritten(0)).flatMap(({ frames }) =>
      frames.map(({ text }) => /v1:([^:]{16}):[^"]+/.exec(text)),
    );
    const [first, second, third, fourth] = texts.map((found) => found?.[1]);
    expect(first).toBe(second);
    expect(new Set([first, third, fourth]).size).toBe(3);
    const { secret, keyId } = keys.keyOf('cpo', tokenMarkWith(key)('cpo', 'tag-1'));
    expect(keyId).toBe(fourth);
    expect(openedText('cpo', secret, texts[3]?.[0] ?? '')).toBe('"Tag-1"');
    expect(() => openedText('other', secret, texts[3]?.[0] ?? '')).toThrow();
  });
});
