import type { FleetRegistered } from '@tallywatt/contracts';
import { planStretches } from './fleet-fee';

const registered: FleetRegistered = {
  type: 'FleetRegistered',
  cpoId: 'default',
  fleetRef: 'f-1',
  revision: 1n,
  plan: 'vans',
  timeZone: 'Africa/Cairo',
  // 23:30 on 29 April; half an hour later the clocks go from 24:00 to 01:00.
  registeredAt: '2027-04-29T21:30:00.000Z',
  feeTariffId: 'ac',
};

describe('a day on whose first hour the clocks go forward', () => {
  it('begins where the day before ends, and not an hour before', () =>
    expect(planStretches([registered], '2027-04', 'Africa/Cairo')).toMatchObject([{ days: 2 }]));
});
