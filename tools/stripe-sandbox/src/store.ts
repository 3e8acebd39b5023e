import type { Tables } from './tables';
import type { Change, StateJournal } from './state-journal';

type TableName = keyof Tables;

interface Undo {
  table: TableName;
  id: string;
  before: unknown;
}

/**
 * All objects of the account, in memory, by kind and id. Objects are never changed in place: `put`
 * replaces them, so an event may keep the object it was handed. Change sets are atomic: they reach
 * the journal as one line when `transaction` ends, or are undone.
 */
export class Store {
  private readonly tables = new Map<string, Map<string, unknown>>();
  private undo: Undo[] | undefined;

  constructor(private readonly journal?: StateJournal) {
    const changeSets = journal?.load() ?? [];
    for (const changes of changeSets) for (const change of changes) this.apply(change);
    const objectCount = [...this.tables.values()].reduce((sum, rows) => sum + rows.size, 0);
    const changeCount = changeSets.reduce((sum, changes) => sum + changes.length, 0);
    if (changeCount > 2 * objectCount + 1000) this.compact();
  }

  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    return this.rows(table).get(id);
  }

  /** Every object of a kind, oldest first. */
  all<T extends TableName>(table: T): Tables[T][] {
    return [...this.rows(table).values()];
  }

  put<T extends TableName>(table: T, object: Tables[T]): Tables[T] {
    this.record(table, object.id);
    this.rows(table).set(object.id, object);
    return object;
  }

  remove(table: TableName, id: string): void {
    this.record(table, id);
    this.rows(table).delete(id);
  }

  /** Runs `work`; what it stored is kept as a whole, or not at all when it throws. */
  transaction<R>(work: () => R): R {
    if (this.undo !== undefined) throw new Error('a transaction is already running');
    this.undo = [];
    try {
      const result = work();
      this.commit();
      return result;
    } catch (error) {
      this.rollbackTo(0);
      throw error;
    } finally {
      this.undo = undefined;
    }
  }

  /** Undoes what was stored since `mark` was taken inside the running transaction. */
  rollbackTo(mark: number): void {
    for (const { table, id, before } of (this.undo ?? []).splice(mark).reverse()) {
      if (before === undefined) this.tables.get(table)?.delete(id);
      else this.tables.get(table)?.set(id, before);
    }
  }

  mark(): number {
    return this.undo?.length ?? 0;
  }

  close(): void {
    this.journal?.close();
  }

  private rows<T extends TableName>(table: T): Map<string, Tables[T]> {
    const found = this.tables.get(table) ?? new Map<string, unknown>();
    this.tables.set(table, found);
    return found as Map<string, Tables[T]>;
  }

  private record(table: TableName, id: string): void {
    if (this.undo === undefined) throw new Error('stored outside a transaction');
    this.undo.push({ table, id, before: this.rows(table).get(id) });
  }

  private commit(): void {
    if (this.journal === undefined || !this.undo?.length) return;
    const touched = new Map(this.undo.map(({ table, id }) => [`${table} ${id}`, { table, id }]));
    this.journal.append(
      [...touched.values()].map(({ table, id }) => [table, id, this.get(table, id) ?? null]),
    );
  }

  private apply([table, id, object]: Change): void {
    const rows = this.tables.get(table) ?? new Map<string, unknown>();
    this.tables.set(table, rows);
    if (object === null) rows.delete(id);
    else rows.set(id, object);
  }

  private compact(): void {
    const changes: Change[] = [];
    for (const [table, rows] of this.tables) {
      for (const [id, object] of rows) changes.push([table, id, object]);
    }
    this.journal?.rewrite(changes);
  }
}
