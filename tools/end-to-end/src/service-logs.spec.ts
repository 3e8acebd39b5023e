import { tellingLines } from './service-logs';

const entry = (level: string, msg: string): string => JSON.stringify({ level, msg });

describe('the telling lines of a log', () => {
  it('are warnings, errors and what is no entry at all', () => {
    const crash = 'Error: out of memory';
    const text = [
      entry('info', 'listening'),
      entry('warn', 'slow'),
      crash,
      entry('error', 'gone'),
    ].join('\n');
    expect(tellingLines(text, 10)).toEqual([entry('warn', 'slow'), crash, entry('error', 'gone')]);
  });

  it('are the last ones', () => {
    const text = [1, 2, 3].map((n) => entry('error', `error ${n}`)).join('\n');
    expect(tellingLines(text, 2)).toEqual([entry('error', 'error 2'), entry('error', 'error 3')]);
  });

  it('are just the last lines when nothing went wrong', () => {
    const text = `${entry('info', 'starting')}\n${entry('info', 'listening')}\n`;
    expect(tellingLines(text, 1)).toEqual([entry('info', 'listening')]);
  });

  it('are none of an empty log', () => {
    expect(tellingLines('', 5)).toEqual([]);
  });
});
