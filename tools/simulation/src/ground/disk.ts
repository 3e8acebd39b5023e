type Undo = () => void;

/** One table of a database: what is written is undone when its transaction does not commit. */
export class Table<V> {
  private readonly rows = new Map<string, V>();

  constructor(private readonly note: (undo: Undo) => void) {}

  get size(): number {
    return this.rows.size;
  }

  get(key: string): V | undefined {
    return this.rows.get(key);
  }

  has(key: string): boolean {
    return this.rows.has(key);
  }

  set(key: string, row: V): void {
    const before = this.rows.get(key);
    const existed = this.rows.has(key);
    this.note(() => {
      if (existed) this.rows.set(key, before as V);
      else this.rows.delete(key);
    });
    this.rows.set(key, row);
  }

  /** In the order in which the keys were first written. */
  values(): V[] {
    return [...this.rows.values()];
  }

  keys(): string[] {
    return [...this.rows.keys()];
  }
}

/**
 * What a process keeps when it dies. Transactions are atomic and run one after the other, which is
 * what row locks give the services.
 */
export class Disk {
  private undos: Undo[] | undefined;

  table<V>(): Table<V> {
    return new Table<V>((undo) => {
      if (this.undos === undefined) throw new Error('a row was written outside a transaction');
      this.undos.push(undo);
    });
  }

  transaction<T>(work: () => T): T {
    if (this.undos !== undefined) throw new Error('a transaction within a transaction');
    this.undos = [];
    try {
      return work();
    } catch (error) {
      this.undoTo(0);
      throw error;
    } finally {
      this.undos = undefined;
    }
  }

  /** A SAVEPOINT: work that throws is undone, and what came before it stays. */
  savepoint<T>(work: () => T): T {
    const from = this.undos?.length ?? 0;
    try {
      return work();
    } catch (error) {
      this.undoTo(from);
      throw error;
    }
  }

  private undoTo(length: number): void {
    while (this.undos !== undefined && this.undos.length > length) this.undos.pop()?.();
  }
}
