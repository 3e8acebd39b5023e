import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

// Prices are computed in processes of other places and times, and must be the same in each.

/** Compiles as the tests are compiled, and knows one instant as now. */
const program = `
  const { transformSync } = require('@swc/core');
  const { readFileSync } = require('node:fs');
  const swc = JSON.parse(readFileSync('../../../.swcrc.jest.json', 'utf8'));
  require.extensions['.ts'] = (module, filename) => {
    const text = readFileSync(filename, 'utf8');
    module._compile(transformSync(text, { ...swc, sourceMaps: false, filename }).code, filename);
  };
  const nowMs = Date.parse(process.env.NOW);
  globalThis.Date = class extends Date {
    constructor(...given) {
      super(...(given.length === 0 ? [nowMs] : given));
    }
    static now() {
      return nowMs;
    }
  };
  const fc = require('fast-check');
  const { rate } = require('./index.ts');
  const { caseNames, inputOf } = require('./testing/price-cases.ts');
  const drawn = require('./testing/drawn-sessions.ts');
  const sessions = fc.sample(drawn.sessions, { seed: 5, numRuns: 100 });
  const inputs = [
    ...caseNames.map(inputOf),
    ...sessions.map(({ session }) => drawn.inputOf(drawn.restless, session)),
  ];
  const answer = { seenHere: new Date().toString(), results: inputs.map(rate) };
  const asText = (_, value) => (typeof value === 'bigint' ? value + 'n' : value);
  process.stdout.write(JSON.stringify(answer, asText));
`;

type Answer = { seenHere: string; results: { ok: boolean }[] };

const pricedAt = (timeZone: string, now: string): Answer =>
  JSON.parse(
    execFileSync(process.execPath, ['-C', '@tallywatt/source', '-e', program], {
      cwd: join(__dirname),
      env: { ...process.env, TZ: timeZone, NOW: now },
      maxBuffer: 256 * 1024 * 1024,
      encoding: 'utf8',
    }),
  ) as Answer;

describe('the clock and the place of the process', () => {
  const here = pricedAt('UTC', '2026-11-21T12:00:00Z');

  it('price every case and a hundred drawn sessions', () => {
    expect(here.results.length).toBeGreaterThan(180);
    expect(here.results.filter(({ ok }) => ok).length).toBeGreaterThan(170);
  });

  it.each([
    ['America/St_Johns', '1999-12-31T23:59:59.999Z', 'Fri Dec 31 1999 20:29:59 GMT-0330'],
    // The same night as in the cases of the repeated hour.
    ['Europe/Berlin', '2026-10-25T00:59:59.999Z', 'Sun Oct 25 2026 02:59:59 GMT+0200'],
    ['Pacific/Kiritimati', '2100-02-28T12:00:00Z', 'Mon Mar 01 2100 02:00:00 GMT+1400'],
  ])('decide no price in %s at %s', (timeZone, now, seen) => {
    const there = pricedAt(timeZone, now);
    expect(there.seenHere).toContain(seen);
    expect(there.results).toEqual(here.results);
  });
});
