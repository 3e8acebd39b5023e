import { assignmentSchema, decodeAssignment, previewSchema } from './assignment-request';

const decoded = (body: object) => decodeAssignment(assignmentSchema.parse(body));

describe('the body of an assignment', () => {
  it('asks nothing that it does not say', () =>
    expect(decoded({ tariffId: 'ac' })).toEqual({
      tariffId: 'ac',
      priority: 0,
      driverGroups: [],
      chargePointIds: [],
      evseGroups: [],
      locationIds: [],
      siteGroups: [],
      weeklyWindows: [],
    }));

  it('says the same in any order', () => {
    const one = decoded({
      tariffId: 'ac',
      siteGroups: ['depots', 'city', 'depots'],
      driverGroups: ['tier:retail', 'group:5d1f'],
      weeklyWindows: [
        { weekdays: ['SUNDAY', 'SATURDAY'], startTime: '22:00', endTime: '06:00' },
        { weekdays: ['MONDAY'] },
      ],
      validFrom: '2026-12-01T01:00:00+01:00',
    });
    const other = decoded({
      tariffId: 'ac',
      siteGroups: ['city', 'depots'],
      driverGroups: ['group:5d1f', 'tier:retail'],
      weeklyWindows: [
        { weekdays: ['MONDAY'], startTime: null },
        { weekdays: ['SATURDAY', 'SUNDAY'], startTime: '22:00', endTime: '06:00' },
      ],
      validFrom: '2026-12-01T00:00:00Z',
      validUntil: null,
    });
    expect(one).toEqual(other);
    expect(one).toMatchObject({
      siteGroups: ['city', 'depots'],
      validFrom: '2026-12-01T00:00:00.000Z',
    });
  });

  const window = { weekdays: ['MONDAY'], startTime: '08:00', endTime: '12:00' };
  it.each<[object, string]>([
    [{ tariffId: '' }, 'tariffId'],
    [{ priority: 1.5 }, 'priority'],
    [{ driverGroups: ['member'] }, 'driverGroups.0'],
    [{ driverGroups: ['tier:Member'] }, 'driverGroups.0'],
    [{ driverGroups: ['token-type:CARD'] }, 'driverGroups.0'],
    [{ driverGroups: ['roaming:nl'] }, 'driverGroups.0'],
    [{ siteGroups: ['a\nb'] }, 'siteGroups.0'],
    [{ locationIds: 'L-1' }, 'locationIds'],
    [{ weeklyWindows: [{ ...window, weekdays: ['FUNDAY'] }] }, 'weeklyWindows.0.weekdays.0'],
    [{ weeklyWindows: [{ ...window, endTime: '24:00' }] }, 'weeklyWindows.0.endTime'],
    [{ weeklyWindows: [{ ...window, endTime: '08:00' }] }, 'weeklyWindows.0.endTime'],
    [{ weeklyWindows: [{ startTime: '08:00' }] }, 'weeklyWindows.0.endTime'],
    [{ weeklyWindows: [{}] }, 'weeklyWindows.0.weekdays'],
    [{ validFrom: '2026-12-01' }, 'validFrom'],
    [{ validFrom: '2026-12-01T00:00:00Z', validUntil: '2026-12-01T01:00:00+01:00' }, 'validUntil'],
    [{ locations: [] }, ''],
  ])('is refused: %j', (changes, path) => {
    const result = assignmentSchema.safeParse({ tariffId: 'ac', ...changes });
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});

describe('what fields say of each other', () => {
  it('is found beside faults of other fields', () => {
    const read = assignmentSchema.safeParse({
      tariffId: 'ac',
      priority: 0.5,
      weeklyWindows: [{ weekdays: ['SUNDA'], startTime: '22:00' }, 'nights'],
      validFrom: '2027-01-01T00:00:00Z',
      validUntil: '2026-12-31T23:00:00-01:00',
    });
    expect(read.error?.issues.map(({ path }) => path.join('.')).sort()).toEqual([
      'priority',
      'validUntil',
      'weeklyWindows.0.endTime',
      'weeklyWindows.0.weekdays.0',
      'weeklyWindows.1',
    ]);
  });
});

describe('the query of a preview', () => {
  it('names any group that can be assigned', () => {
    const driverGroups = [`group:${'g'.repeat(64)}`];
    expect(decoded({ tariffId: 'ac', driverGroups })).toMatchObject({ driverGroups });
    const start = { chargePointId: 'CP-1', tariffId: 'ac', currency: 'EUR' };
    expect(previewSchema.parse({ ...start, driverGroups })).toMatchObject({ driverGroups });
  });

  it('names a group once or several times', () => {
    const start = { chargePointId: 'CP-1', tariffId: 'ac', currency: 'EUR' };
    const query = { ...start, siteGroups: 'depots', driverGroups: ['tier:member', 'group:5d1f'] };
    expect(previewSchema.parse(query)).toEqual({
      ...start,
      siteGroups: ['depots'],
      evseGroups: [],
      driverGroups: ['tier:member', 'group:5d1f'],
    });
  });
});
