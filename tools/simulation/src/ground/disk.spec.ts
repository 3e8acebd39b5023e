import { Disk } from './disk';

describe('the disk of a process', () => {
  const disk = new Disk();
  const table = disk.table<number>();

  it('keeps what is committed, and nothing of what is not', () => {
    disk.transaction(() => table.set('a', 1));
    const dying = (): void =>
      disk.transaction(() => {
        table.set('a', 2);
        table.set('b', 3);
        throw new Error('dies');
      });
    expect(dying).toThrow('dies');
    expect([table.get('a'), table.get('b'), table.size]).toEqual([1, undefined, 1]);
  });

  it('goes back to a savepoint', () => {
    disk.transaction(() => {
      table.set('a', 5);
      const failing = (): void =>
        disk.savepoint(() => {
          table.set('a', 6);
          throw new Error('waits');
        });
      expect(failing).toThrow('waits');
    });
    expect(table.get('a')).toBe(5);
  });

  it('is written in transactions only', () =>
    expect(() => table.set('a', 7)).toThrow('outside a transaction'));
});
