import { WebSocket } from 'ws';
import { atSteadyRate } from '../schedule';
import type { Asked, Told } from './swarm';

// A process of many chargers. They speak OCPP 1.6 by hand over ws, so that the clients take as
// little as can be of the cores that the servers need.

type Charger = {
  socket: WebSocket;
  isClosed: boolean;
  answered: ((payload: Answer | undefined) => void) | undefined;
};
type Answer = Readonly<{ idTagInfo?: { status?: string }; transactionId?: number }>;

const [, , url = '', password = ''] = process.argv;
const chargers: Charger[] = [];
const faults: string[] = [];
let messages = 0;

const fault = (text: string): void => {
  if (faults.length < 20) faults.push(text);
};

const connect = (index: number): Promise<Charger> =>
  new Promise((resolve, reject) => {
    const id = `SWARM-${index}`;
    const basic = Buffer.from(`${id}:${password}`).toString('base64');
    const socket = new WebSocket(`${url}/${id}`, ['ocpp1.6'], {
      headers: { authorization: `Basic ${basic}` },
      perMessageDeflate: false,
    });
    const charger: Charger = { socket, isClosed: false, answered: undefined };
    socket.on('open', () => resolve(charger));
    socket.on('error', reject);
    socket.on('close', () => {
      charger.isClosed = true;
      charger.answered?.(undefined);
    });
    socket.on('message', (data) => {
      const [kind, , payload] = JSON.parse(data.toString('utf8')) as [number, string, unknown];
      if (kind === 2) return; // what the server asks is left unanswered
      if (kind !== 3) fault(`${id} was answered ${data.toString('utf8')}`);
      charger.answered?.(kind === 3 ? (payload as Answer) : undefined);
    });
  });

/** One call at a time on a connection, as OCPP-J has it; undefined when it was answered by an error. */
const call = (charger: Charger, action: string, payload: object): Promise<Answer | undefined> =>
  new Promise((resolve) => {
    if (charger.isClosed) {
      fault('a connection was closed by the server');
      return resolve(undefined);
    }
    if (charger.answered !== undefined) fault('a charger was asked to speak twice at once');
    charger.answered = (answer) => {
      charger.answered = undefined;
      resolve(answer);
    };
    charger.socket.send(JSON.stringify([2, String((messages += 1)), action, payload]));
  });

const tagOf = (number: number): string => `T${String(number).padStart(9, '0')}`;

const chargerAt = (index: number): Charger => {
  const charger = chargers[index];
  if (charger === undefined) throw new Error(`there is no charger ${index}`);
  return charger;
};

const swipe = async (charger: Charger, tag: number): Promise<number> => {
  const beganMs = performance.now();
  const answer = await call(charger, 'Authorize', { idTag: tagOf(tag) });
  if (answer?.idTagInfo?.status !== 'Accepted') fault(`Authorize: ${JSON.stringify(answer)}`);
  return performance.now() - beganMs;
};

const open = async (count: number, atOnce: number): Promise<void> => {
  let next = 0;
  const more = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      chargers[index] = await connect(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, more));
};

const close = async (): Promise<void> => {
  const open = chargers.splice(0);
  await Promise.all(
    open.map(
      ({ socket, isClosed }) =>
        new Promise<void>((resolve) => {
          if (isClosed) return resolve();
          socket.on('close', resolve);
          socket.terminate();
        }),
    ),
  );
};

/** Works in as many lanes as there are chargers to speak, until the time is over. */
const untilTime = async (
  lanes: number,
  seconds: number,
  work: (charger: Charger, lane: number) => Promise<void>,
): Promise<number> => {
  const beganMs = performance.now();
  const endMs = beganMs + seconds * 1_000;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      while (performance.now() < endMs && faults.length === 0) await work(chargerAt(lane), lane);
    }),
  );
  return (performance.now() - beganMs) / 1_000;
};

const pair = async (charger: Charger, tag: number): Promise<void> => {
  const timestamp = new Date().toISOString();
  const idTag = tagOf(tag);
  const start = { connectorId: 1, idTag, meterStart: 0, timestamp };
  const started = await call(charger, 'StartTransaction', start);
  const transactionId = started?.transactionId;
  if (transactionId === undefined || started?.idTagInfo?.status !== 'Accepted') {
    return fault(`StartTransaction: ${JSON.stringify(started)}`);
  }
  const stop = { transactionId, idTag, meterStop: 10_000, timestamp: new Date().toISOString() };
  if ((await call(charger, 'StopTransaction', stop)) === undefined) fault('a stop got an error');
};

/** Connects, boots and reports: what a charger does when its network is back. */
const comeBack = async (index: number): Promise<number> => {
  const beganMs = performance.now();
  const charger = await connect(index);
  chargers[index] = charger;
  const boot = { chargePointVendor: 'Bench', chargePointModel: 'Swarm' };
  const status = { connectorId: 1, errorCode: 'NoError', status: 'Available' };
  const booted = await call(charger, 'BootNotification', boot);
  const timestamp = new Date().toISOString();
  const reported = await call(charger, 'StatusNotification', { ...status, timestamp });
  if (booted === undefined || reported === undefined) fault('a returning charger got an error');
  return performance.now() - beganMs;
};

const doIt = async (asked: Asked): Promise<Omit<Told, 'faults'>> => {
  const latenciesMs: number[] = [];
  switch (asked.do) {
    case 'open':
      await open(asked.count, asked.atOnce);
      return {};
    case 'close':
      await close();
      return {};
    case 'swipe': {
      const count = asked.perSecond * asked.seconds;
      await atSteadyRate(asked.perSecond, count, async (index) => {
        const charger = chargerAt((index * 7_919) % asked.chargers);
        // One that has not been answered yet is left alone, and that is a fault of the answer's.
        if (charger.answered !== undefined) return fault('an answer took longer than a round');
        latenciesMs.push(await swipe(charger, (index * 104_729) % asked.tags));
      });
      return { latenciesMs, done: latenciesMs.length };
    }
    case 'swipe-all-out': {
      let done = 0;
      const seconds = await untilTime(asked.chargers, asked.seconds, async (charger, lane) => {
        await swipe(charger, (lane * 7_919 + done) % asked.tags);
        done += 1;
      });
      return { done, perSecond: done / seconds };
    }
    case 'pairs': {
      let done = 0;
      const seconds = await untilTime(asked.chargers, asked.seconds, async (charger, lane) => {
        await pair(charger, (lane * 7_919 + done) % asked.tags);
        done += 1;
      });
      return { done, perSecond: done / seconds };
    }
    case 'storm': {
      const beganMs = performance.now();
      const all = Array.from({ length: asked.count }, (_, index) => comeBack(index));
      latenciesMs.push(...(await Promise.all(all)));
      return { latenciesMs, done: asked.count, seconds: (performance.now() - beganMs) / 1_000 };
    }
  }
};

process.on('message', (asked: Asked) => {
  void doIt(asked)
    .catch((error: unknown) => {
      fault(String(error));
      return {};
    })
    .then((told) => process.send?.({ ...told, faults: faults.splice(0) }));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
