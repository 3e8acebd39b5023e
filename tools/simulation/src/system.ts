import { dayMs, hourMs, minuteMs, type World } from './ground/world';
import { SimulatedCharger } from './outside/charger';
import {
  planChargers,
  plannedTariffs,
  plannedTokens,
  tariffInVersion,
  type PlannedToken,
} from './outside/charging-plan';
import { Operator } from './outside/operator';
import { paymentMethodOf, SimulatedProcessor } from './outside/processor';
import { Authorization, driverRefOf } from './stages/authorization';
import { Gateway } from './stages/gateway';
import { Ledger } from './stages/ledger';
import { PaymentCapture } from './stages/payment-capture';
import { Pricing } from './stages/pricing';
import { Reconciliation } from './stages/reconciliation';

/** All services, the processor and the chargers of one run. */
export class System {
  readonly processor: SimulatedProcessor;
  readonly authorization: Authorization;
  readonly gateway: Gateway;
  readonly pricing: Pricing;
  readonly payments: PaymentCapture;
  readonly ledger: Ledger;
  readonly reconciliation: Reconciliation;
  readonly chargers: readonly SimulatedCharger[];

  constructor(readonly world: World) {
    const plans = planChargers(world);
    const points = new Map(
      plans.map(({ chargePoint }) => [chargePoint.chargePointId, chargePoint]),
    );
    this.processor = new SimulatedProcessor(world);
    this.authorization = new Authorization(world);
    this.gateway = new Gateway(world, points, (question, answer) =>
      this.authorization.ask(question, answer),
    );
    this.pricing = new Pricing(world);
    this.payments = new PaymentCapture(world, this.processor);
    this.ledger = new Ledger(world);
    this.reconciliation = new Reconciliation(world);
    this.chargers = plans.map((plan) => new SimulatedCharger(world, this.gateway, plan));
  }

  get stages() {
    const { authorization, gateway, ledger, payments, pricing, reconciliation } = this;
    return [gateway, authorization, pricing, payments, ledger, reconciliation] as const;
  }

  /** Registrations and processes, before anything can go wrong. */
  begin(): void {
    for (const token of plannedTokens) this.register(token);
    for (const document of plannedTariffs) this.pricing.publishTariff(document);
    for (const { process } of this.stages) process.start();
    this.processor.account.settleDaily();
  }

  /** Chargers, deaths, and what people do meanwhile. */
  go(): void {
    for (const charger of this.chargers) charger.start();
    this.planTariffs();
    this.planCrashes();
    this.planRefunds();
    this.planMemberships();
    new Operator(this.world, this.gateway).start();
  }

  /** Everything is running again: with the faults over, nothing stays down. */
  repair(): void {
    for (const { process } of this.stages) process.start();
  }

  private register({ idTag, kind, card }: PlannedToken): void {
    if (kind === 'unknown') return;
    this.authorization.registerToken(idTag, kind === 'blocked' ? 'blocked' : 'valid', {
      tokenType: 'RFID',
      driverRef: driverRefOf(idTag),
      ...(card === undefined ? {} : { paymentMethodId: paymentMethodOf(card) }),
      ...(kind === 'expired' ? { expiresAt: this.world.clock.now } : {}),
    });
    if (kind === 'member') this.grant(idTag, 10n);
  }

  private grant(idTag: string, percent: bigint): void {
    const discountPercent = { unscaled: percent, scale: 0 };
    this.authorization.changeMembership(idTag, {
      type: 'GrantEntitlement',
      terms: { tier: 'member', discountPercent },
    });
  }

  private planCrashes(): void {
    const { chance, clock, faults } = this.world;
    for (let count = faults.crashes; count > 0; count -= 1) {
      const { process } = chance.pick(this.stages);
      clock.after(chance.spread(minuteMs, 40 * hourMs), () => process.crash('of itself'));
    }
  }

  /** New versions with the same prices: sessions name versions that pricing may not have seen. */
  private planTariffs(): void {
    const { chance, clock } = this.world;
    const used = new Set(this.chargers.map(({ plan }) => plan.chargePoint.tariffId));
    const documents = plannedTariffs.filter(({ id }) => used.has(id as string));
    for (let version = 1 + chance.integer(2, 12); version > 1; version -= 1) {
      clock.after(chance.spread(minuteMs, dayMs), () => {
        for (const document of documents) {
          this.pricing.publishTariff(tariffInVersion(document, version));
        }
      });
    }
  }

  private planMemberships(): void {
    const { chance, clock } = this.world;
    for (let count = chance.integer(0, 2); count > 0; count -= 1) {
      const percent = chance.pick([0n, 25n]);
      clock.after(chance.spread(minuteMs, dayMs), () => {
        if (percent > 0n) this.grant('MEMBER-1', percent);
        else {
          const revoke = { type: 'RevokeEntitlement', reason: 'cancelled' } as const;
          this.authorization.changeMembership('MEMBER-1', revoke);
        }
      });
    }
  }

  /** An operator gives money back, sometimes twice with one key, sometimes in the dashboard. */
  private planRefunds(): void {
    const { chance, clock } = this.world;
    for (let count = chance.integer(0, 3); count > 0; count -= 1) {
      const atMs = chance.spread(8 * hourMs, 4 * dayMs);
      const key = `refund-${count}`;
      const kind = chance.pick(['whole', 'part', 'twice', 'dashboard'] as const);
      const choice = chance.integer(0, 1_000);
      clock.after(atMs, () => this.refund(key, kind, choice));
    }
  }

  private refund(
    key: string,
    kind: 'whole' | 'part' | 'twice' | 'dashboard',
    choice: number,
  ): void {
    const captured = this.processor.account.intents.filter(({ status }) => status === 'succeeded');
    const intent = captured[choice % Math.max(captured.length, 1)];
    if (intent === undefined) return;
    const part = intent.receivedMinor / 3n + 1n;
    this.world.trace('operator', () => `refunds ${kind} of ${intent.id}`);
    if (kind === 'dashboard') return this.processor.refundInDashboard(intent.id, part);
    const amountMinor = kind === 'part' ? part : undefined;
    this.payments.requestRefund(intent.paymentId, key, amountMinor);
    if (kind === 'twice') this.payments.requestRefund(intent.paymentId, key, undefined);
  }
}
