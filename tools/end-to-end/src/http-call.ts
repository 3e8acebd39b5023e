/** An API's answer as it came: refusals are what these tests are about. */
export type HttpAnswer = Readonly<{
  status: number;
  contentType: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}>;

export type HttpRequest = Readonly<{
  method?: string;
  token?: string;
  body?: object | string;
  headers?: Readonly<Record<string, string>>;
}>;

/** Calls an API and returns whatever it answers; text that is no JSON stays text. */
export const httpCall = async (url: string, request: HttpRequest = {}): Promise<HttpAnswer> => {
  const { body, token } = request;
  const response = await fetch(url, {
    method: request.method ?? 'GET',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  const contentType = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    contentType,
    body: contentType.includes('json') ? (JSON.parse(text) as unknown) : text,
  };
};
