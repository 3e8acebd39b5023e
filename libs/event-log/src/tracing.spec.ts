import { recordSpans } from './testing/span-recorder';
import {
  activeTraceparent,
  inSpan,
  inSpanOfMany,
  inSpansOfEvents,
  isTracing,
  noParent,
  readTraceparent,
  recordSpan,
  traceIdOf,
  traceparentOfCause,
  underCause,
} from './tracing';

const traceA = 'a'.repeat(32);
const traceB = 'b'.repeat(32);
const ofA = `00-${traceA}-00000000000000a1-01`;
const ofB = `00-${traceB}-00000000000000b1-01`;

const eventSpan = (id: string, parent?: string) => ({
  id,
  name: `taking ${id}`,
  facts: { kind: 'consumer', ...(parent === undefined ? {} : { parent }) } as const,
});

describe('a traceparent', () => {
  it('is read as W3C writes it', () => {
    expect(readTraceparent(ofA)).toEqual({
      traceId: traceA,
      spanId: '00000000000000a1',
      traceFlags: 1,
      isRemote: true,
    });
    expect(traceIdOf(`01-${traceA}-00000000000000a1-00-of a later version`)).toBe(traceA);
  });

  it.each([
    undefined,
    '',
    'none',
    `ff-${traceA}-00000000000000a1-01`,
    `00-${'0'.repeat(32)}-00000000000000a1-01`,
    `00-${traceA}-${'0'.repeat(16)}-01`,
    `00-${traceA.toUpperCase()}-00000000000000a1-01`,
    `00-${traceA}-00000000000000a1`,
  ])('is none: %s', (text) => expect(readTraceparent(text)).toBeUndefined());
});

describe('without an SDK', () => {
  it('work is done, and nothing else', async () => {
    expect(isTracing()).toBe(false);
    const seen = await inSpan('work', { parent: ofA }, async () => activeTraceparent());
    expect(seen).toBeUndefined();
    const causes = await inSpansOfEvents('batch', [eventSpan('e1', ofA)], async () => [
      traceparentOfCause('e1'),
      underCause('e1', activeTraceparent),
    ]);
    expect(causes).toEqual([undefined, undefined]);
    expect(recordSpan('over', { parent: ofA })).toBeUndefined();
  });

  it('what fails fails as it is', async () => {
    const failure = new Error('no');
    await expect(inSpan('work', {}, () => Promise.reject(failure))).rejects.toBe(failure);
  });
});

describe('with an SDK', () => {
  let recorder: ReturnType<typeof recordSpans>;
  beforeEach(() => {
    recorder = recordSpans();
  });
  afterEach(() => recorder.end());

  it('work goes on in the trace it is given, and what it does inside too', async () => {
    await inSpan('outer', { parent: ofA }, () => inSpan('inner', {}, async () => undefined));
    const [outer] = recorder.named('outer');
    const [inner] = recorder.named('inner');
    expect(outer).toMatchObject({ traceId: traceA, parentSpanId: '00000000000000a1' });
    expect(inner).toMatchObject({ traceId: traceA, parentSpanId: outer?.spanId });
  });

  it('work without a parent begins a trace, whatever is active', async () => {
    await inSpan('outer', { parent: ofA }, () =>
      inSpan('new', { parent: noParent }, async () => undefined),
    );
    const [begun] = recorder.named('new');
    expect(begun?.parentSpanId).toBeUndefined();
    expect(begun?.traceId).not.toBe(traceA);
  });

  it('events of different traces stay in theirs, and their batch is linked to each', async () => {
    const seen = await inSpansOfEvents(
      'batch',
      [eventSpan('e1', ofA), eventSpan('e2', ofB), eventSpan('e3')],
      async () => {
        await inSpan('query', {}, async () => undefined);
        return ['e1', 'e2', 'e3'].map((id) => ({
          cause: traceparentOfCause(id),
          under: underCause(id, activeTraceparent),
          // A part can hold a part: the causes are known there too.
          nested: underCause(id, () => underCause('e2', activeTraceparent)),
        }));
      },
    );
    const spanIds = ['e1', 'e2', 'e3'].map((id) => recorder.named(`taking ${id}`)[0]);
    expect(seen.map(({ cause }) => readTraceparent(cause)?.spanId)).toEqual(
      spanIds.map((span) => span?.spanId),
    );
    expect(seen.map(({ under }) => under)).toEqual(seen.map(({ cause }) => cause));
    expect(seen.map(({ nested }) => traceIdOf(nested))).toEqual([traceB, traceB, traceB]);
    expect(spanIds.slice(0, 2).map((span) => span?.traceId)).toEqual([traceA, traceB]);
    expect(spanIds[2]?.parentSpanId).toBeUndefined();

    const [batch] = recorder.named('batch');
    expect(batch?.parentSpanId).toBeUndefined();
    expect(batch?.links).toEqual([traceA, traceB]);
    expect(recorder.named('query')[0]?.parentSpanId).toBe(batch?.spanId);
    for (const span of spanIds) expect(span?.links).toEqual([batch?.traceId]);
  });

  it('events of one trace need no batch: the work is part of the last', async () => {
    const work = (): Promise<void> => inSpan('query', {}, async () => undefined);
    await inSpansOfEvents('batch', [eventSpan('e1', ofA), eventSpan('e2', ofA)], work);
    expect(recorder.named('batch')).toEqual([]);
    expect(recorder.named('query')[0]).toMatchObject({
      traceId: traceA,
      parentSpanId: recorder.named('taking e2')[0]?.spanId,
    });
  });

  it('a commit for one belongs to it; one for many is its own, with links', async () => {
    const work = (): Promise<void> => inSpan('query', {}, async () => undefined);
    await inSpanOfMany('commit', [ofA], work);
    expect(recorder.named('query')[0]?.parentSpanId).toBe('00000000000000a1');
    expect(recorder.named('commit')).toEqual([]);
    await inSpanOfMany('commit', [ofA, undefined, ofB], work);
    await inSpanOfMany('commit', [undefined], work);
    expect(recorder.named('commit')).toHaveLength(1);
    const [commit] = recorder.named('commit');
    expect(commit?.links).toEqual([traceA, traceB]);
    expect(recorder.named('query')[1]?.parentSpanId).toBe(commit?.spanId);
  });

  it('a failure is shown by its name: its words can be personal', async () => {
    const failure = new RangeError('tag 04AB12 is not known');
    await expect(inSpan('work', {}, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(recorder.spans()).toEqual([
      expect.objectContaining({ name: 'work', attributes: { 'error.type': 'RangeError' } }),
    ]);
    expect(JSON.stringify(recorder.spans())).not.toContain('04AB12');
  });
});
