import type {
  AccountEvent,
  FleetFeeCharged,
  TariffPublished,
  TariffReference,
} from '@tallywatt/contracts';
import {
  fleetFee,
  periodZone,
  pinnedTariff,
  planStretches,
  wordsUntil,
  type FleetWords,
} from '@tallywatt/derivations';
import { differences } from './difference';

/** Fees of fleets as they follow again from what was said of the fleet and the tariff they name. */
export class FleetFeeDerivation {
  private readonly fleets = new Map<string, FleetWords>();
  private readonly tariffs = new Map<string, TariffPublished>();

  takeTariff(event: TariffPublished): void {
    this.tariffs.set(versionKey(event.cpoId, event.tariff), event);
  }

  takeAccount(event: AccountEvent): void {
    if (event.type !== 'FleetRegistered' && event.type !== 'FleetClosed') return;
    const key = `${event.cpoId}/${event.fleetRef}`;
    this.fleets.set(key, [...(this.fleets.get(key) ?? []), event]);
  }

  /** What is wrong with a fee that was charged; undefined when it follows. */
  fault(fee: FleetFeeCharged): string | undefined {
    const said = this.fleets.get(`${fee.cpoId}/${fee.fleetRef}`) ?? [];
    const words = wordsUntil(said, fee.fleetSequence);
    const zone = fee.fleetSequence === undefined ? undefined : periodZone(words, fee.period);
    const stretch = planStretches(words, fee.period, zone ?? fee.timeZone).find(
      ({ feeId }) => feeId === fee.feeId,
    );
    if (stretch === undefined) return 'nothing that was said of its fleet yields this fee';
    const published = this.tariffs.get(versionKey(fee.cpoId, fee.tariff));
    const { tariff: reference } = fee;
    if (published === undefined) {
      return `no record publishes version ${reference.version} of tariff ${reference.tariffId}`;
    }
    const pinned = pinnedTariff(published.tariff.contentHash, published.ocpiTariffJson);
    const stated =
      pinned.kind === 'found' ? { reference: published.tariff, tariff: pinned.tariff } : undefined;
    const derived = fleetFee(stretch, stated);
    // A fee of before it said so follows from all words, and is to say what it said.
    const { fleetSequence: _, ...unnumbered } = derived;
    const differing = differences(fee, fee.fleetSequence === undefined ? unnumbered : derived);
    return differing.length === 0 ? undefined : differing.join('; ');
  }
}

const versionKey = (cpoId: string, { tariffId, version }: TariffReference): string =>
  `${cpoId}/${version}/${tariffId}`;
