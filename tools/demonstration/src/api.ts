import type { Addresses } from './system';

export type ApiName =
  | 'ocppGateway'
  | 'authorization'
  | 'pricingEngine'
  | 'paymentCapture'
  | 'ledger'
  | 'reconciliation';

/** An API answered with an error; the message has the problem document. */
export class ApiRefused extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
    request: string,
  ) {
    super(`${request} answered ${status}: ${body}`);
    this.name = 'ApiRefused';
  }
}

export type ListPage<Item> = Readonly<{ items: readonly Item[]; next: string | null }>;

/** The system's HTTP APIs, called as an operator would. */
export class OperatorApi {
  constructor(
    private readonly addresses: Addresses,
    private readonly token: string,
  ) {}

  get<T>(api: ApiName, path: string): Promise<T> {
    return this.request<T>('GET', api, path);
  }

  post<T>(api: ApiName, path: string, body: object = {}): Promise<T> {
    return this.request<T>('POST', api, path, body);
  }

  put<T>(api: ApiName, path: string, body: object): Promise<T> {
    return this.request<T>('PUT', api, path, body);
  }

  /** All items of a list, page by page. */
  async list<Item>(api: ApiName, path: string): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | null = null;
    do {
      const separator = path.includes('?') ? '&' : '?';
      const next: string =
        cursor === null ? path : `${path}${separator}cursor=${encodeURIComponent(cursor)}`;
      const page: ListPage<Item> = await this.get<ListPage<Item>>(api, next);
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    return items;
  }

  private async request<T>(method: string, api: ApiName, path: string, body?: object): Promise<T> {
    const url = `${this.addresses[api]}${path}`;
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) throw new ApiRefused(response.status, text, `${method} ${url}`);
    return JSON.parse(text) as T;
  }
}
