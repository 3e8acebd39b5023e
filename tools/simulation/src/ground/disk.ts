/** One table of a database: what is written is undone when its transaction does not commit. */
export class Table<V, K = string> {
  private readonly rows = new Map<K, V>();
  /** The rows as last read: they are read far more often than written. */
  private read: readonly V[] | undefined;

  constructor(private readonly disk: Disk) {}

  get size(): number {
    return this.rows.size;
  }

  get(key: K): V | undefined {
    return this.rows.get(key);
  }

  has(key: K): boolean {
    return this.rows.has(key);
  }

  set(key: K, row: V): void {
    const before = this.rows.get(key);
    const existed = before !== undefined || this.rows.has(key);
    this.disk.note({ table: this, key, before, existed });
    this.rows.set(key, row);
    this.read = undefined;
  }

  /** In the order in which the keys were first written. */
  values(): readonly V[] {
    return (this.read ??= [...this.rows.values()]);
  }

  keys(): K[] {
    return [...this.rows.keys()];
  }

  /** For the disk alone: a row as it was before. */
  restore(key: unknown, before: unknown, existed: boolean): void {
    if (existed) this.rows.set(key as K, before as V);
    else this.rows.delete(key as K);
    this.read = undefined;
  }
}

type Written = Readonly<{
  table: Readonly<{ restore: Table<unknown, unknown>['restore'] }>;
  key: unknown;
  before: unknown;
  existed: boolean;
}>;

/**
 * What a process keeps when it dies. Transactions are atomic and run one after the other, which is
 * what row locks give the services.
 */
export class Disk {
  private readonly written: Written[] = [];
  private isOpen = false;

  table<V, K = string>(): Table<V, K> {
    return new Table<V, K>(this);
  }

  /** Notes how to undo what is about to be written. */
  note(written: Written): void {
    if (!this.isOpen) throw new Error('a row was written outside a transaction');
    this.written.push(written);
  }

  transaction<T>(work: () => T): T {
    if (this.isOpen) throw new Error('a transaction within a transaction');
    this.isOpen = true;
    try {
      return work();
    } catch (error) {
      this.undoTo(0);
      throw error;
    } finally {
      this.isOpen = false;
      this.written.length = 0;
    }
  }

  /** A SAVEPOINT: work that throws is undone, and what came before it stays. */
  savepoint<T>(work: () => T): T {
    const from = this.written.length;
    try {
      return work();
    } catch (error) {
      this.undoTo(from);
      throw error;
    }
  }

  private undoTo(length: number): void {
    while (this.written.length > length) {
      const last = this.written.pop();
      last?.table.restore(last.key, last.before, last.existed);
    }
  }
}
