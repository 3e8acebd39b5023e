import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceProcess, type ServiceName } from '@tallywatt/demonstration';
import { freePort } from '@tallywatt/local-runtime';
import type { BenchSystem } from './bench-system';
import { logFileOf } from './bench-system';
import { pause } from './patience';
import type { FaultAction, FaultLine, PlannedFault } from './fault-plan';
import { faultLines } from './fault-plan';
import { sendForgedWebhook } from './forged-webhook';
import { loseDatabase } from './lost-database';
import {
  clearSandboxFaults,
  happenedSandboxFaults,
  plantSandboxFault,
  type SandboxFaultRequest,
} from './sandbox-control';
import { slowCommits, usualCommits } from './slow-commits';
import type { CrashOutcome } from './supervised-service';

/** What came of a fault. */
export type DoneFault = Readonly<{
  fault: PlannedFault;
  /** Seconds after the beginning. */
  fromSeconds: number;
  toSeconds: number;
  /** `not-reached`: it did not come to that, to no step in time, or to nobody who was there. */
  result: 'done' | 'not-reached' | 'failed';
  /** Of named steps. */
  crashes?: CrashOutcome;
  detail?: string;
}>;

const stepLimitMs = 30_000;
const readyLimitMs = 120_000;

const portVariable: Readonly<Record<string, string>> = {
  'pricing-engine': 'PRICING_ENGINE_PORT',
  'payment-capture': 'PAYMENT_CAPTURE_PORT',
  ledger: 'LEDGER_PORT',
  reconciliation: 'RECONCILIATION_PORT',
};

type Outcome = Readonly<Pick<DoneFault, 'result' | 'detail' | 'crashes'>>;
const done: Outcome = { result: 'done' };

/** Does to the system what the plan says, until told that it is enough. */
export class FaultRun {
  readonly done: DoneFault[] = [];
  /** How often the processor did what was planted there; known once everything is in order again. */
  atProcessor: Readonly<Record<string, number>> = {};
  private readonly busy = new Set<ServiceName>();
  private startedMs = 0;
  private isEnding = false;
  private readonly twins = new Set<ServiceProcess>();

  constructor(
    private readonly bench: BenchSystem,
    private readonly print: (line: string) => void,
  ) {}

  /** Resolves when all lines have come to their end. */
  async run(planned: readonly PlannedFault[], startedMs: number): Promise<void> {
    this.startedMs = startedMs;
    const isOfServices = ({ line }: PlannedFault): boolean => line.startsWith('service');
    // Either line takes what the other would have to wait for its service with.
    const ofServices = planned.filter(isOfServices);
    await Promise.all(
      faultLines.map((line) =>
        this.runLine(
          line.startsWith('service') ? ofServices : planned.filter((fault) => fault.line === line),
          line,
        ),
      ),
    );
  }

  /** No fault begins any more; those under way come to their end. */
  end(): void {
    this.isEnding = true;
  }

  /** Puts everything back in order: nothing planted is left, everything runs. */
  async heal(): Promise<void> {
    const { kafkaProxy, system, services } = this.bench;
    kafkaProxy.cutResponses(0);
    this.atProcessor = await happenedSandboxFaults(system);
    await clearSandboxFaults(system);
    await Promise.all([...this.twins].map((twin) => twin.kill()));
    await Promise.all([system.runtime.kafka.start(), system.runtime.postgres.start()]);
    await usualCommits(system);
    await Promise.all(Object.values(services).map((service) => service.untilReady(readyLimitMs)));
  }

  private get seconds(): number {
    return (Date.now() - this.startedMs) / 1_000;
  }

  /** The first fault whose time has come and whose service nobody has in hands. */
  private async next(left: PlannedFault[]): Promise<PlannedFault | undefined> {
    while (!this.isEnding && left.length > 0) {
      const index = left.findIndex(
        ({ action, atSeconds }) =>
          atSeconds <= this.seconds && !('service' in action && this.busy.has(action.service)),
      );
      if (index >= 0) return left.splice(index, 1)[0];
      await pause(50);
    }
    return undefined;
  }

  private async runLine(left: PlannedFault[], line: FaultLine): Promise<void> {
    for (;;) {
      const fault = await this.next(left);
      if (fault === undefined) return;
      const fromSeconds = this.seconds;
      const outcome = await this.act(fault.action).catch((error: unknown): Outcome => ({
        result: 'failed',
        detail: String(error),
      }));
      const toSeconds = this.seconds;
      this.done.push({ fault, fromSeconds, toSeconds, ...outcome });
      const what = wordsOf(fault.action);
      const { result, detail } = outcome;
      this.print(
        `  ${fromSeconds.toFixed(1)}-${toSeconds.toFixed(1)} s [${line}] ${what}: ${result}${detail === undefined ? '' : ` (${detail})`}`,
      );
    }
  }

  private act(action: FaultAction): Promise<Outcome> {
    switch (action.kind) {
      case 'kill':
      case 'crash-at-step':
      case 'freeze':
      case 'freeze-with-twin':
      case 'database-lost':
        this.busy.add(action.service);
        return this.actOnService(action).finally(() => this.busy.delete(action.service));
      case 'kafka-kill':
      case 'postgres-stop':
      case 'acknowledgement-cut':
      case 'slow-commits':
        return this.actOnServers(action);
      case 'processor-timeout':
      case 'processor-500':
      case 'processor-429':
      case 'processor-409':
      case 'webhook-doubled':
      case 'webhook-shuffled':
      case 'webhook-late':
      case 'webhook-lost':
        return this.plant(action);
      case 'webhook-forged':
        return this.forge(action);
    }
  }

  private async actOnService(
    action: Extract<FaultAction, { service: ServiceName }>,
  ): Promise<Outcome> {
    const { service: name } = action;
    const service = this.bench.services[name];
    switch (action.kind) {
      case 'kill':
        await service.kill(() => pause(action.downMs));
        break;
      case 'crash-at-step':
      case 'database-lost': {
        const crashes = await service.crashAlong(
          action.steps,
          stepLimitMs,
          () => this.isEnding,
          action.kind === 'database-lost'
            ? () => loseDatabase(this.bench.system, name, readyLimitMs)
            : undefined,
        );
        await service.untilReady(readyLimitMs);
        const { missed, reached } = crashes;
        return {
          result: reached.length > 0 ? 'done' : 'not-reached',
          crashes,
          ...(missed.length === 0 ? {} : { detail: `not come to ${missed.join(', ')}` }),
        };
      }
      case 'freeze':
        await service.freeze(action.frozenMs);
        break;
      case 'freeze-with-twin':
        return this.freezeWithTwin(name, action.frozenMs);
    }
    await service.untilReady(readyLimitMs);
    return done;
  }

  /** The frozen process wakes up as the former owner of its partitions, beside the new one. */
  private async freezeWithTwin(name: ServiceName, frozenMs: number): Promise<Outcome> {
    const { services, system } = this.bench;
    const { program } = services[name].process;
    const port = String(await freePort());
    const variable = portVariable[name];
    if (variable === undefined) throw new Error(`${name} has no twin`);
    const readyUrl = new URL(program.readyUrl);
    readyUrl.port = port;
    const twin = new ServiceProcess({
      ...program,
      environment: { ...program.environment, [variable]: port },
      readyUrl: readyUrl.toString(),
      logFile: logFileOf(system, `${name}-twin`),
    });
    this.twins.add(twin);
    try {
      await twin.start();
      await services[name].freeze(frozenMs);
      await pause(2_000);
    } finally {
      await twin.kill();
      this.twins.delete(twin);
    }
    await services[name].untilReady(readyLimitMs);
    return done;
  }

  private async actOnServers(
    action: Extract<
      FaultAction,
      { kind: 'kafka-kill' | 'postgres-stop' | 'acknowledgement-cut' | 'slow-commits' }
    >,
  ): Promise<Outcome> {
    const { kafkaProxy, system } = this.bench;
    const { kafka, postgres } = system.runtime;
    switch (action.kind) {
      case 'kafka-kill':
        await kafka.kill();
        await pause(action.downMs);
        await kafka.start();
        return done;
      case 'postgres-stop':
        await postgres.stopNow();
        await pause(action.downMs);
        await postgres.start();
        return done;
      case 'acknowledgement-cut': {
        const before = kafkaProxy.cutCount;
        kafkaProxy.cutResponses(action.times);
        await pause(2_500);
        return { result: 'done', detail: `${kafkaProxy.cutCount - before} answers cut` };
      }
      case 'slow-commits': {
        const slowed = await slowCommits(system);
        await pause(action.lastingMs);
        await usualCommits(system);
        return { result: 'done', detail: `in ${slowed} databases` };
      }
    }
  }

  private async plant(
    action: Extract<FaultAction, { path: string } | { eventType: string }>,
  ): Promise<Outcome> {
    for (const request of sandboxFaultsOf(action)) {
      await plantSandboxFault(this.bench.system, request);
    }
    return done;
  }

  private async forge({
    forgery,
  }: Extract<FaultAction, { kind: 'webhook-forged' }>): Promise<Outcome> {
    const { system } = this.bench;
    const secrets = readFileSync(join(system.directory, 'secrets.json'), 'utf8');
    const { webhookSecret } = JSON.parse(secrets) as { webhookSecret: string };
    const status = await sendForgedWebhook(system, forgery, webhookSecret);
    if (status !== undefined && status < 300) throw new Error(`believed, answered ${status}`);
    return status === undefined
      ? { result: 'not-reached', detail: 'the service was not there' }
      : { result: 'done', detail: `answered ${status}` };
  }
}

const wordsOf = (action: FaultAction): string =>
  'steps' in action
    ? [
        action.kind,
        action.service,
        ...action.steps.map(({ step, time }) => `${step}:${time}`),
      ].join(' ')
    : Object.values(action).flat().join(' ');

/** The sandbox's own words for a fault of the processor. */
const sandboxFaultsOf = (
  action: Extract<FaultAction, { path: string } | { eventType: string }>,
): SandboxFaultRequest[] => {
  if ('path' in action) {
    const { path, times } = action;
    const match = { method: 'POST', path };
    switch (action.kind) {
      case 'processor-timeout':
        return [{ kind: 'timeout-after-commit', match, times, delayMilliseconds: 6_000 }];
      case 'processor-500':
        return [
          { kind: 'error-500', match, times: 1, remembered: true },
          { kind: 'error-500', match, times, remembered: false },
        ];
      case 'processor-429':
        return [
          { kind: 'error-429', match, times },
          { kind: 'lock-timeout', match, times: 1 },
        ];
      case 'processor-409':
        return [{ kind: 'error-409', match, times }];
    }
  }
  const { eventType, delaySeconds, kind } = action;
  const match = { eventType };
  return delaySeconds.map((delay): SandboxFaultRequest => {
    switch (kind) {
      case 'webhook-doubled':
        return { kind: 'duplicate-webhook', match };
      case 'webhook-lost':
        return { kind: 'drop-webhook', match };
      case 'webhook-shuffled':
      case 'webhook-late':
        return { kind: 'delay-webhook', match, delaySeconds: delay };
    }
  });
};
