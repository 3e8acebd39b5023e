import { createServer } from 'node:net';
import { freePort, isPortFree } from './port';

describe('a free port', () => {
  it('is given once: who asks again gets another, though nobody listens on the first yet', async () => {
    const ports: number[] = [];
    // More than one process looks for in its own part of the range.
    for (let n = 0; n < 80; n += 1) ports.push(await freePort());
    expect(new Set(ports).size).toBe(80);
  });

  it('is none on which somebody listens', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });
});
