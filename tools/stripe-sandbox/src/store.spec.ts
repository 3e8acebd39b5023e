import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateJournal } from './state-journal';
import { Store } from './store';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stripe-sandbox-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = () => join(directory, 'stripe-sandbox.jsonl');
const open = () => new Store(new StateJournal(directory));
const note = (id: string, payout = 'po_1') => ({ id, payout });

describe('the store', () => {
  it('keeps a change set as a whole or not at all', () => {
    const store = open();
    store.transaction(() => store.put('payout_member', note('txn_1')));
    expect(() =>
      store.transaction(() => {
        store.put('payout_member', note('txn_1', 'po_2'));
        store.put('payout_member', note('txn_2'));
        store.remove('payout_member', 'txn_1');
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(store.all('payout_member')).toEqual([note('txn_1')]);
    store.close();
    expect(open().all('payout_member')).toEqual([note('txn_1')]);
  });

  it('forgets the change set a killed process left unfinished, and goes on after it', () => {
    const store = open();
    store.transaction(() => store.put('payout_member', note('txn_1')));
    store.close();
    appendFileSync(file(), '[["payout_member","txn_2",{"id":"tx');
    const restarted = open();
    restarted.transaction(() => restarted.put('payout_member', note('txn_3')));
    restarted.close();
    const ids = open()
      .all('payout_member')
      .map(({ id }) => id);
    expect(ids).toEqual(['txn_1', 'txn_3']);
  });

  it('says where a damaged journal is damaged', () => {
    appendFileSync(file(), '[]\nnonsense\n');
    expect(open).toThrow('line 2 is not a change set');
  });

  it('shrinks a journal that is mostly history', () => {
    const store = open();
    for (let turn = 0; turn < 1100; turn += 1) {
      store.transaction(() => store.put('payout_member', note('txn_1', `po_${turn}`)));
    }
    store.close();
    expect(open().all('payout_member')).toEqual([note('txn_1', 'po_1099')]);
    expect(readFileSync(file(), 'utf8').split('\n')).toHaveLength(2);
    expect(open().all('payout_member')).toEqual([note('txn_1', 'po_1099')]);
  });

  it('refuses to be changed outside a change set', () => {
    expect(() => open().put('payout_member', note('txn_1'))).toThrow('outside a transaction');
  });
});
