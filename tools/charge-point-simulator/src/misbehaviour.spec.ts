import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Payload } from './message-lane';
import {
  misbehaving,
  type MisbehaviourName,
  misbehaviourNames,
  misbehaviours,
} from './misbehaviour';

/** What leaves for messages that are said one after the other. */
const said = async (
  names: readonly MisbehaviourName[],
  version: '1.6' | '2.0.1',
  ...messages: readonly (readonly [string, Payload])[]
) => {
  const sent: unknown[] = [];
  const call = misbehaving(
    names,
    version,
    () => sent.push('cut'),
    async (action, payload) => {
      sent.push([action, payload]);
      return { answer: sent.length };
    },
  );
  const answers: unknown[] = [];
  for (const [action, payload] of messages) {
    answers.push(await call(action, payload).catch((error: Error) => error.message));
  }
  return { sent, answers };
};

const register = (value: string) => ({ value, measurand: 'Energy.Active.Import.Register' });
const stop = { transactionId: 7, meterStop: 5_000, timestamp: '2026-11-20T10:00:00.000Z' };

describe('a charger that misbehaves', () => {
  it('says other words, and the answer to the first of them counts', async () => {
    const { sent, answers } = await said(['second-stop-differs'], '1.6', ['StopTransaction', stop]);
    expect(sent).toEqual([
      ['StopTransaction', stop],
      ['StopTransaction', { ...stop, meterStop: 6_000 }],
    ]);
    expect(answers).toEqual([{ answer: 1 }]);
  });

  it('does several things wrong at once', async () => {
    const { sent } = await said(['stop-of-zero', 'resend'], '1.6', ['StopTransaction', stop]);
    const wrong = ['StopTransaction', { ...stop, transactionId: 0 }];
    expect(sent).toEqual([wrong, wrong]);
  });

  it('keeps quiet, and goes on as if it had been answered', async () => {
    expect(await said(['no-stop'], '1.6', ['StopTransaction', stop])).toEqual({
      sent: [],
      answers: [{}],
    });
  });

  it('hangs up once', async () => {
    const twice = [
      ['StopTransaction', stop],
      ['StopTransaction', stop],
    ] as const;
    const { sent, answers } = await said(['hangs-up-before-stop'], '1.6', ...twice);
    expect(sent).toEqual(['cut', ['StopTransaction', stop]]);
    expect(answers).toEqual(['the connection is lost before the stop', { answer: 2 }]);
  });

  it('changes the register and nothing else', async () => {
    const power = { value: '7000', measurand: 'Power.Active.Import' };
    const values = (value: string) => ({
      transactionId: 7,
      meterValue: [{ timestamp: stop.timestamp, sampledValue: [register(value), power] }],
    });
    const { sent } = await said(['kilowatt-hours-labelled-wh'], '1.6', [
      'MeterValues',
      values('12345'),
    ]);
    expect(sent).toEqual([['MeterValues', values('12.345')]]);
  });

  it('moves every instant', async () => {
    const { sent } = await said(['clock-of-the-future'], '1.6', ['StopTransaction', stop]);
    expect(sent).toEqual([['StopTransaction', { ...stop, timestamp: '2027-12-25T10:00:00.000Z' }]]);
  });

  it('can do only what its version of OCPP has', () => {
    const make = () =>
      misbehaving(
        ['sequence-gap'],
        '1.6',
        () => undefined,
        async () => ({}),
      );
    expect(make).toThrow('sequence-gap is no misbehaviour of OCPP 1.6');
  });
});

it('lists in its README what a charger can be told to do wrong', () => {
  const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| `([a-z0-9-]+)`\s*\|[^|]*\| (.*?)\s*\|$/gm)];
  expect(listed.map(([, name, about]) => [name, about])).toEqual(
    misbehaviourNames.map((name) => [name, misbehaviours[name].about]),
  );
});
