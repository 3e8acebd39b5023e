import type { Adopted } from '@tallywatt/event-log';
import { eventually, freePort } from '@tallywatt/testing';
import { adoptOwnStreams } from './own-streams';

const adopt = (name: string, port: number, adoption: Promise<Adopted | undefined>) => {
  const asked: string[][] = [];
  const done = adoptOwnStreams({
    name,
    restore: undefined,
    eventLog: {
      adoptOwnStreams: (topics) => {
        asked.push([...topics]);
        return adoption;
      },
    },
    host: '127.0.0.1',
    port,
  });
  return { asked, done };
};

describe('before a service starts', () => {
  it('its database adopts the topics it owns, and is not noticed when it knows them', async () => {
    const port = await freePort();
    const { asked, done } = adopt('pricing-engine', port, Promise.resolve(undefined));
    await done;
    expect(asked).toEqual([
      ['pricing.tariffs.v1', 'pricing.cdrs.v1', 'pricing.fleet-fees.v1', 'pricing.estimates.v1'],
    ]);
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
  });

  it('lives and is not ready as long as that takes, and then leaves the port', async () => {
    const port = await freePort();
    let finish: (adopted: Adopted) => void = () => undefined;
    const { done } = adopt('ledger', port, new Promise((resolve) => (finish = resolve)));
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    await eventually(async () => expect((await get('/health/live')).status).toBe(200));
    const ready = await get('/health/ready');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      status: 'not ready',
      checks: { streams: 'a new database adopts its streams from the log' },
    });
    expect((await get('/v1/journal')).status).toBe(503);
    finish({ events: 3 });
    await done;
    await expect(get('/health/live')).rejects.toThrow();
  });

  it('fails when the adoption does', async () => {
    const broken = Promise.reject<Adopted>(new Error('the log cannot be read'));
    const { done } = adopt('ledger', await freePort(), broken);
    await expect(done).rejects.toThrow('the log cannot be read');
  });

  it('has nothing to adopt when it owns no topic', async () => {
    const { asked, done } = adopt('feed', 1, Promise.resolve(undefined));
    await done;
    expect(asked).toEqual([]);
  });
});
