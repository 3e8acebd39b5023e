import { createHmac, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

// 16 MiB and some 50 ms a guess: passwords are random and of 16 characters at least, so this need not
// make up for short ones, and a fleet reconnects together.
const cost = { N: 2 ** 14, r: 8, p: 1 } satisfies ScryptOptions;
const keyLength = 32;

const derive = (password: Buffer, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(password, salt, keyLength, cost, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  );

/** A slow, salted hash: `scrypt$<salt>$<key>`, base64url. */
export const hashPassword = async (password: Buffer): Promise<string> => {
  const salt = randomBytes(16);
  const key = await derive(password, salt);
  return `scrypt$${salt.toString('base64url')}$${key.toString('base64url')}`;
};

const digest = (password: Buffer, salt: string): string =>
  createHmac('sha256', Buffer.from(salt, 'base64url')).update(password).digest('base64url');

/**
 * A salted hash that costs nothing, `quick$<salt>$<digest>`: for thousands of passwords at once, until
 * `strengthened` takes its place.
 */
export const quickHash = (password: Buffer): string => {
  const salt = randomBytes(16).toString('base64url');
  return `quick$${salt}$${digest(password, salt)}`;
};

/** The slow hash of a quick one: `scrypt$<salt>$<key>$<salt of the quick one>`. */
export const strengthened = async (quick: string): Promise<string> => {
  const [, salt = '', quickDigest = ''] = quick.split('$');
  return `${await hashPassword(Buffer.from(quickDigest))}$${salt}`;
};

/** Whether a quick hash is this password's; never so of a slow one. */
export const isQuickOf = (password: Buffer, hash: string): boolean => {
  const [kind, salt, expected] = hash.split('$');
  if (kind !== 'quick' || salt === undefined || expected === undefined) return false;
  const found = Buffer.from(digest(password, salt));
  return found.length === expected.length && timingSafeEqual(found, Buffer.from(expected));
};

const matches = async (given: Buffer, hash: string): Promise<boolean> => {
  if (hash.startsWith('quick$')) return isQuickOf(given, hash);
  const [, salt, key, quickSalt] = hash.split('$');
  if (salt === undefined || key === undefined) return false;
  const password = quickSalt === undefined ? given : Buffer.from(digest(given, quickSalt));
  const expected = Buffer.from(key, 'base64url');
  const found = await derive(password, Buffer.from(salt, 'base64url'));
  return expected.length === found.length && timingSafeEqual(expected, found);
};

const rememberedMax = 50_000;
// Slow hashes run on the four threads that name look-ups and files need as well.
const atOnceMax = 2;

/** So many passwords wait to be checked that another one would wait too long. */
export class PasswordChecksBusy extends Error {
  readonly code = 'password-checks-busy';
}

/** Whoever asks for checks without an address: the operators, and what is hashed in the background. */
const ownSource = '';

type Turn = Readonly<{ begin: () => void; refuse: (error: Error) => void }>;

/**
 * Who waits for a turn, by source. Sources take turns, and where there is room for no more the one that
 * has most gives way to one that has less: a single address keeps no fleet out.
 */
class FairQueue {
  private readonly bySource = new Map<string, Turn[]>();
  private count = 0;

  constructor(private readonly max: number) {}

  /** @throws PasswordChecksBusy */
  push(source: string, turn: Turn): void {
    if (this.count >= this.max) this.makeRoomFor(source);
    this.count += 1;
    const own = this.bySource.get(source);
    if (own === undefined) this.bySource.set(source, [turn]);
    else own.push(turn);
  }

  shift(): Turn | undefined {
    for (const [source, [first, ...others]] of this.bySource) {
      this.bySource.delete(source);
      if (others.length > 0) this.bySource.set(source, others);
      this.count -= 1;
      return first;
    }
    return undefined;
  }

  private makeRoomFor(source: string): void {
    const busy = new PasswordChecksBusy(`${this.max} passwords are waiting to be checked`);
    let most: readonly [string, Turn[]] | undefined;
    for (const entry of this.bySource) {
      if (most === undefined || entry[1].length > most[1].length) most = entry;
    }
    const own = this.bySource.get(source)?.length ?? 0;
    if (most === undefined || most[1].length <= own + 1) throw busy;
    const [greedy, turns] = most;
    turns.pop()?.refuse(busy);
    if (turns.length === 0) this.bySource.delete(greedy);
    this.count -= 1;
  }
}

/**
 * Checks passwords against slow hashes, a few at a time: whoever has no password can make us check
 * one. A fleet that reconnects at once would need minutes of CPU, so what was right once is known
 * again without it, under a key that lives as long as the process, until the hash is another.
 */
export class PasswordCheck {
  private readonly key = randomBytes(32);
  private readonly right = new Set<string>();
  private readonly waiting: FairQueue;
  private running = 0;

  /** @param waitingMax how many may wait for their turn at once */
  constructor(waitingMax = 200) {
    this.waiting = new FairQueue(waitingMax);
  }

  /** Whether this password was found right before; costs next to nothing. */
  isKnown(password: Buffer, hash: string): boolean {
    return this.right.has(this.markOf(password, hash));
  }

  /** It was found right by a process before this one. */
  know(password: Buffer, hash: string): void {
    this.remember(this.markOf(password, hash));
  }

  /** @param source from where it is asked: turns go round by source @throws PasswordChecksBusy */
  async isRight(password: Buffer, hash: string, source = ownSource): Promise<boolean> {
    if (this.isKnown(password, hash)) return true;
    const isRight = await this.inTurn(source, () => matches(password, hash));
    if (isRight) this.remember(this.markOf(password, hash));
    return isRight;
  }

  /** A slow hash of a quick one, in its turn among the checks. @throws PasswordChecksBusy */
  strengthen(quick: string): Promise<string> {
    return this.inTurn(ownSource, () => strengthened(quick));
  }

  private async inTurn<T>(source: string, check: () => Promise<T>): Promise<T> {
    if (this.running < atOnceMax) this.running += 1;
    else {
      await new Promise<void>((begin, refuse) => this.waiting.push(source, { begin, refuse }));
    }
    try {
      return await check();
    } finally {
      // The place goes to who waits longest of the next source, without being free in between.
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next.begin();
    }
  }

  private markOf(password: Buffer, hash: string): string {
    return createHmac('sha256', this.key).update(hash).update(password).digest('base64');
  }

  private remember(mark: string): void {
    this.right.add(mark);
    if (this.right.size <= rememberedMax) return;
    const [oldest] = this.right;
    if (oldest !== undefined) this.right.delete(oldest);
  }
}
