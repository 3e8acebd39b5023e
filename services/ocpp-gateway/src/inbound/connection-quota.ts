import { isIPv6 } from 'node:net';

export type Quota = Readonly<{ total: number; perAddress: number }>;

const mappedIPv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Who has one address of an IPv6 network of 64 bits has them all, so that network counts as one. */
export const sourceOf = (address: string): string => {
  const [, ipv4] = mappedIPv4.exec(address) ?? [];
  if (ipv4 !== undefined) return ipv4;
  const [plainAddress = ''] = address.split('%');
  if (!isIPv6(plainAddress)) return address;
  const [head = '', tail] = plainAddress.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
};

/** Counts open connections, in all and by source, so that neither grows beyond its limit. */
export class ConnectionQuota {
  private total = 0;
  private readonly bySource = new Map<string, number>();

  constructor(private readonly max: Quota) {}

  /** Which limit is reached, or what gives the place back, once. */
  take(address: string): 'connections' | 'address' | (() => void) {
    if (this.total >= this.max.total) return 'connections';
    const source = sourceOf(address);
    const count = this.bySource.get(source) ?? 0;
    if (count >= this.max.perAddress) return 'address';
    this.total += 1;
    this.bySource.set(source, count + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.total -= 1;
      const left = (this.bySource.get(source) ?? 1) - 1;
      if (left === 0) this.bySource.delete(source);
      else this.bySource.set(source, left);
    };
  }
}
