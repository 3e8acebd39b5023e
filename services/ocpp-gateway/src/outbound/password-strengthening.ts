import type { SqlClient } from '@tallywatt/event-log';
import { passwordsToStrengthen, replaceHash } from './charge-point-lists';
import { type PasswordCheck, PasswordChecksBusy } from './password-hash';

const atOnce = 20;

/** Hashes passwords of lists slowly, one after the other: chargers that connect go before. */
export const strengthenPasswords = async (
  sql: SqlClient,
  passwords: PasswordCheck,
): Promise<void> => {
  for (const { cpoId, chargePointId, passwordHash } of await passwordsToStrengthen(sql, atOnce)) {
    try {
      const slow = await passwords.strengthen(passwordHash);
      await replaceHash(sql, cpoId, chargePointId, passwordHash, slow);
    } catch (error) {
      if (error instanceof PasswordChecksBusy) return; // when there is time
      throw error;
    }
  }
};
