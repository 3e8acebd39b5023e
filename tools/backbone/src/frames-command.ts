import {
  type FramesRecorded,
  verifyFrameChain,
  type FrameChain,
  type RecordedEvent,
} from '@tallywatt/contracts';
import { type KafkaConnection, logEnds, scanLog } from '@tallywatt/event-log';
import { columns, textOption, UsageFault, type Command, type CommandInput } from './command';
import { placeText, reachableKafka } from './log-access';

const topics = ['charging.frames.v1'] as const;

type Connection = { chain: FrameChain; records: readonly RecordedEvent<FramesRecorded>[] };
type Said = Readonly<{ connections: readonly Connection[]; faults: readonly string[] }>;

/** What the log holds of a charge point's frames, by connection; no database and no key is needed. */
const readFrames = async (
  kafka: KafkaConnection,
  key: string,
  connectionId: string | undefined,
): Promise<Said> => {
  const ends = await logEnds({ ...kafka, topics });
  const byConnection = new Map<string, RecordedEvent<FramesRecorded>[]>();
  const faults: string[] = [];
  await scanLog({
    ...kafka,
    topics,
    ends,
    take: (records) => {
      for (const { key: recordKey, recorded, fault, position } of records) {
        if (recordKey !== key) continue;
        if (recorded === undefined) {
          faults.push(`${placeText(position)}: ${fault}`);
          continue;
        }
        const record = recorded as RecordedEvent<FramesRecorded>;
        const { connectionId: id } = record.event;
        if (connectionId !== undefined && id !== connectionId) continue;
        byConnection.set(id, [...(byConnection.get(id) ?? []), record]);
      }
    },
  });
  const connections = [...byConnection.values()].map((records) => ({
    chain: verifyFrameChain(records.map(({ event }) => event)),
    records,
  }));
  return { connections, faults };
};

const asked = async ({ positionals, options, addresses }: CommandInput) => {
  const [chargePointId = ''] = positionals;
  const cpoId = textOption(options, 'cpo') ?? addresses.cpoId;
  const connectionId = textOption(options, 'connection');
  const key = `${cpoId}/${chargePointId}`;
  const said = await readFrames(await reachableKafka(addresses), key, connectionId);
  if (said.connections.length === 0 && said.faults.length === 0) {
    throw new UsageFault(`the log has no frames of ${key}`);
  }
  return said;
};

const stateOf = ({ faults, endedAt }: FrameChain): string =>
  faults.length > 0
    ? faults.join('; ')
    : endedAt === undefined
      ? 'holds, no end recorded'
      : 'holds';

const options = { cpo: { type: 'string' }, connection: { type: 'string' } } as const;

export const framesVerifyCommand: Command = {
  name: 'frames verify',
  synopsis: '<charge point> [--connection <id>] [--cpo <id>] [--json]',
  about: 'Verifies the hash chain of each connection from Kafka alone: no key, no database.',
  options,
  positionals: [1, 1],
  run: async (input) => {
    const { connections, faults } = await asked(input);
    const chains = connections.map(({ chain }) => chain);
    const rows = chains.map((chain) => [
      chain.connectionId,
      String(chain.frames),
      String(chain.lost),
      chain.endedAt ?? '-',
      stateOf(chain),
    ]);
    return {
      hasFindings: faults.length > 0 || chains.some((chain) => chain.faults.length > 0),
      json: { connections: chains, faults },
      text: [
        columns([['connection', 'frames', 'lost', 'ended', 'chain'], ...rows]),
        ...faults,
      ].join('\n'),
    };
  },
};

export const framesShowCommand: Command = {
  name: 'frames show',
  synopsis: '<charge point> [--connection <id>] [--cpo <id>] [--json]',
  about:
    'Shows what was said on the connections of a charge point, as stored, with its place in Kafka.',
  options,
  positionals: [1, 1],
  run: async (input) => {
    const { connections, faults } = await asked(input);
    const frames = connections.flatMap(({ records, chain }) =>
      records.flatMap(({ event, position }) =>
        event.frames.map((frame, index) => ({
          connectionId: chain.connectionId,
          number: event.firstNumber + index,
          place: placeText(position),
          ...frame,
        })),
      ),
    );
    return {
      hasFindings: faults.length > 0,
      json: { frames, faults },
      text: [
        ...frames.map(
          ({ connectionId, number, place, at, direction, text }) =>
            `${connectionId} ${number} ${at} ${place} ${direction === 'sent' ? '<' : '>'} ${text}`,
        ),
        ...faults,
      ].join('\n'),
    };
  },
};
