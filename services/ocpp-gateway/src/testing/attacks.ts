import type { SeededRandom } from '@tallywatt/charge-point-simulator';
import type { HostileSocket } from './hostile-socket';

const actions = [
  'Authorize',
  'BootNotification',
  'DataTransfer',
  'FirmwareStatusNotification',
  'Heartbeat',
  'MeterValues',
  'NotifyEvent',
  'StartTransaction',
  'StatusNotification',
  'StopTransaction',
  'TransactionEvent',
  'TeleportVehicle',
] as const;

const fields = [
  'connectorId',
  'customData',
  'data',
  'eventType',
  'evse',
  'idTag',
  'idToken',
  'meterStart',
  'meterStop',
  'meterValue',
  'sampledValue',
  'seqNo',
  'status',
  'timestamp',
  'transactionData',
  'transactionId',
  'transactionInfo',
  'value',
  'vendorId',
  '__proto__',
  'constructor',
] as const;

const scalars = [
  null,
  true,
  0,
  -1,
  1e308,
  -1e-7,
  2 ** 53,
  2_147_483_648,
  '',
  '\u0000',
  '\ud800',
  'Ended',
  'Started',
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:60+99:99',
  '%s%n',
  "'; DROP TABLE sessions; --",
] as const;

/** Any JSON, mostly of fields that OCPP knows. */
const anyJson = (random: SeededRandom, depth = 4): unknown => {
  const kind = depth === 0 ? 0 : random.integer(0, 3);
  if (kind <= 1) return random.pick(scalars);
  const count = random.integer(0, 5);
  const parts = Array.from({ length: count }, () => anyJson(random, depth - 1));
  if (kind === 2) return parts;
  return Object.fromEntries(parts.map((part) => [random.pick(fields), part]));
};

const anyCall = (random: SeededRandom): string =>
  JSON.stringify([2, String(random.integer(0, 99)), random.pick(actions), anyJson(random)]);

/** A text with some of its characters gone, doubled or turned into others. */
const broken = (text: string, random: SeededRandom): string => {
  const at = random.integer(0, text.length - 1);
  const rest = text.slice(at + 1);
  switch (random.integer(0, 3)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + rest;
    case 2:
      return text.slice(0, at) + text.slice(at, at + 9).repeat(3) + rest;
    default:
      return text.slice(0, at) + random.pick([']', '}', '"', ',', '\\', '\u0000']) + rest;
  }
};

/** Calls whose parameters hold a list in a list in a list, as deep as a frame has room for. */
const deepCall = (action: string, levels: number): string =>
  `[2,"deep","${action}",{"vendorId":"v","meterValue":${'['.repeat(levels)}${']'.repeat(levels)}}]`;

const times = (count: number, act: (index: number) => void): void => {
  for (let index = 0; index < count; index += 1) act(index);
};

/** What a connected peer can do to a server; each comes back when it has been said. */
export const attacks: Readonly<
  Record<string, (peer: HostileSocket, random: SeededRandom) => void>
> = {
  'malformed JSON': (peer, random) => times(30, () => peer.say(broken(anyCall(random), random))),
  'wrong types': (peer, random) => times(60, () => peer.say(anyCall(random))),
  'frames that are no calls': (peer, random) =>
    times(30, () => peer.say(JSON.stringify(anyJson(random)))),
  'answers to nobody': (peer) =>
    times(30, (n) => peer.say(n % 2 === 0 ? '[3,"x",{}]' : '[4,"x","GenericError","",{}]')),
  'huge frames': (peer, random) => {
    const text = 'x'.repeat(random.integer(100_000, 250_000));
    peer.say(JSON.stringify([2, 'huge', 'DataTransfer', { vendorId: 'v', data: text }]));
    peer.say(JSON.stringify([2, 'huge', 'StopTransaction', { transactionId: 1, reason: text }]));
    peer.say('x'.repeat(2_000_000));
  },
  'deep frames': (peer, random) => {
    for (const action of ['DataTransfer', 'MeterValues', 'StartTransaction', 'TransactionEvent']) {
      peer.say(deepCall(action, random.integer(1_000, 120_000)));
    }
    peer.say('['.repeat(200_000));
  },
  'invalid UTF-8': (peer) => {
    peer.say(Buffer.from([0x5b, 0x32, 0x2c, 0x22, 0xff, 0xfe, 0xc0, 0xaf, 0x22, 0x5d]));
  },
  'half a frame': (peer) => {
    peer.say('[2,"half","Heartbeat",', { claimedBytes: 5_000 });
    peer.cut();
  },
  'a frame larger than there is memory': (peer) => {
    peer.say('[2', { claimedBytes: Number.MAX_SAFE_INTEGER });
  },
  'fragments without an end': (peer) => {
    peer.say('[2,"part","Data', { isFinal: false });
    times(200, () => peer.say('x'.repeat(1_000), { opcode: 0, isFinal: false }));
  },
  'frames against the protocol': (peer, random) => {
    peer.say('[2,"a","Heartbeat",{}]', { isMasked: false });
    peer.say('?', { opcode: random.integer(3, 7) });
    peer.write(Buffer.from(Array.from({ length: 64 }, () => random.integer(0, 255))));
  },
  'a flood of pings': (peer) => times(2_000, () => peer.say('p'.repeat(100), { opcode: 9 })),
  'a flood of calls': (peer) => times(2_000, (n) => peer.say(`[2,"${n}","Heartbeat",{}]`)),
  'a flood that reads no answer': (peer) => {
    peer.stopReading();
    times(3_000, (n) => peer.say(`[2,"${n}","DataTransfer",{"vendorId":"v"}]`));
  },
  'a flood of one message id': (peer) => times(500, () => peer.say('[2,"same","Heartbeat",{}]')),
  'a flood of facts': (peer, random) =>
    times(300, (n) =>
      peer.say(
        JSON.stringify([
          2,
          `f${n}`,
          'StopTransaction',
          {
            transactionId: -1,
            meterStop: random.integer(0, 1_000_000),
            timestamp: '2026-11-20T10:00:00Z',
          },
        ]),
      ),
    ),
  'a line that goes at once': (peer) => peer.cut(),
};
