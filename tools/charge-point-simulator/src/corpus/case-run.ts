import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type {
  CallStep,
  CorpusCase,
  ExpectedAnswer,
  ExpectedReply,
  Json,
  Step,
} from './corpus-case';
import { differences, filled, type Scope } from './placeholder';
import { type AnswerFrame, RawSocket, type SocketSetting } from './raw-socket';

export type RunSetting = Omit<SocketSetting, 'protocol' | 'chargePointId'> &
  Readonly<{
    /** Under which name the server knows the charger of a case. */
    chargePointIdOf: (corpusCase: CorpusCase) => string;
  }>;

/** What became of a case on the wire. */
export type CaseRun = Readonly<{
  chargePointId: string;
  /** In what the answers were not those expected; empty when all is well. */
  faults: readonly string[];
  /** For the comparison of facts: the time of the run, and what was captured. */
  scope: Scope;
}>;

const answerFaults = (
  frame: AnswerFrame,
  expected: ExpectedAnswer,
  scope: Scope,
  path: string,
): string[] => {
  const [type, , said] = frame;
  if (expected.error !== undefined) {
    return type === 4 && expected.error.includes(said)
      ? []
      : [`${path}: ${JSON.stringify(frame)} instead of ${expected.error.join(' or ')}`];
  }
  if (type === 4) return [`${path}: answered ${JSON.stringify(frame)}`];
  return differences(expected.result ?? {}, said, scope, path);
};

/** One charger that goes through the steps of its case. */
class CorpusCharger {
  private socket: RawSocket | undefined;
  readonly faults: string[] = [];

  constructor(
    private readonly setting: SocketSetting,
    private readonly scope: Scope,
  ) {}

  async take(step: Step, path: string): Promise<void> {
    if ('connect' in step) this.socket = await RawSocket.open(this.setting);
    else if ('disconnect' in step) await this.connected().close(step.disconnect);
    else if ('wait' in step) await setTimeout(Number(step.wait.replace('s', '')) * 1_000);
    else if ('burst' in step) {
      await Promise.all(
        step.burst.map((call, index) => this.call(call, `${path}.burst[${index}]`)),
      );
    } else if ('send' in step) await this.send(step.send, step.expect, path);
    else await this.call(step, path);
  }

  async leave(): Promise<void> {
    await this.socket?.close('close');
  }

  private connected(): RawSocket {
    if (this.socket === undefined) throw new Error('the case has not connected');
    return this.socket;
  }

  private async call(step: CallStep, path: string): Promise<void> {
    for (let sends = 0; sends < (step.times ?? 1); sends += 1) {
      const messageId = step.messageId ?? randomUUID();
      const params = filled(step.params, this.scope);
      const text = JSON.stringify([2, messageId, step.call, params]);
      const frame = await this.connected().ask(text, (id) => id === messageId);
      this.faults.push(
        ...answerFaults(frame, step.expect ?? {}, this.scope, `${path} ${step.call}`),
      );
    }
  }

  private async send(template: string, expected: ExpectedReply, path: string): Promise<void> {
    const text = filled(template, this.scope) as string;
    if (typeof expected === 'object') {
      const frame = await this.connected().ask(text, () => true);
      this.faults.push(...answerFaults(frame, expected, this.scope, path));
      return;
    }
    // Silence is heard when what was asked after it is answered first.
    const messageId = randomUUID();
    const heartbeat = JSON.stringify([2, messageId, 'Heartbeat', {}]);
    this.connected().tell(text);
    const isFor = expected === 'nothing' ? () => true : (id: string) => id === messageId;
    const frame = await this.connected().ask(heartbeat, isFor);
    if (frame[1] !== messageId) {
      this.faults.push(`${path}: answered ${JSON.stringify(frame)} instead of nothing`);
    }
  }
}

/**
 * Plays a case against a server, step by step, as the charger of that case. It ends at the first step
 * that is not answered at all; a wrong answer is noted, and the case goes on.
 */
export const runCase = async (corpusCase: CorpusCase, setting: RunSetting): Promise<CaseRun> => {
  const { chargePointIdOf, ...socket } = setting;
  const chargePointId = chargePointIdOf(corpusCase);
  const { protocol } = corpusCase;
  const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
  const captured = new Map<string, Json>();
  const scope = { nowMs, clockMs: () => Date.now(), captured };
  const charger = new CorpusCharger({ ...socket, chargePointId, protocol }, scope);
  for (const [index, step] of corpusCase.steps.entries()) {
    const path = `step ${index}`;
    try {
      await charger.take(step, path);
    } catch (error) {
      charger.faults.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      break;
    }
  }
  await charger.leave();
  return { chargePointId, faults: charger.faults, scope };
};
