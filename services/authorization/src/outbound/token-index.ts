import { absentToken, evolve, type Token, type TokenEvent } from '../domain/token';
import type { StoredToken } from './access-store';

/**
 * Every token by reference, in this process. Fed from three sides that may say the same twice: the
 * tokens table at start, this process's own commits, and `access.accounts.v1` for everybody else's.
 * The sequence within the token's stream says which news are new.
 */
export class TokenIndex {
  private readonly tokens = new Map<string, Readonly<{ token: Token; sequence: bigint }>>();

  load({ cpoId, tokenRef, version, token }: StoredToken): void {
    const known = this.tokens.get(`${cpoId}/${tokenRef}`);
    if (known !== undefined && known.sequence >= version) return;
    this.tokens.set(`${cpoId}/${tokenRef}`, { token, sequence: version });
  }

  apply(event: TokenEvent, sequence: bigint): void {
    const key = `${event.cpoId}/${event.tokenRef}`;
    const known = this.tokens.get(key);
    if (known !== undefined && known.sequence >= sequence) return;
    this.tokens.set(key, { token: evolve(known?.token ?? absentToken, event), sequence });
  }

  find(cpoId: string, tokenRef: string): Token {
    return this.tokens.get(`${cpoId}/${tokenRef}`)?.token ?? absentToken;
  }
}
