import { ConnectionQuota, sourceOf } from './connection-quota';

describe('the source of a connection', () => {
  it.each([
    ['10.0.0.7', '10.0.0.7'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('%s is %s', (address, source) => expect(sourceOf(address)).toBe(source));
});

describe('open connections', () => {
  it('are limited by source, and a place is given back once', () => {
    const quota = new ConnectionQuota({ total: 10, perAddress: 2 });
    const first = quota.take('10.0.0.1');
    quota.take('::ffff:10.0.0.1');
    expect(quota.take('10.0.0.1')).toBe('address');
    expect(quota.take('10.0.0.2')).toBeInstanceOf(Function);
    if (typeof first === 'function') [first, first].forEach((giveBack) => giveBack());
    expect(quota.take('10.0.0.1')).toBeInstanceOf(Function);
    expect(quota.take('10.0.0.1')).toBe('address');
  });

  it('are limited in all', () => {
    const quota = new ConnectionQuota({ total: 2, perAddress: 2 });
    quota.take('10.0.0.1');
    quota.take('10.0.0.2');
    expect(quota.take('10.0.0.3')).toBe('connections');
  });
});
