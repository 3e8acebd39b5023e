import { NotReachable, type Addresses, type ServiceName } from './addresses';

/** RFC 9457, as the services answer. */
export type ProblemDocument = Readonly<{
  status: number;
  title: string;
  detail?: string;
  faults?: readonly Readonly<{ path: string; message: string }>[];
}>;

export type Answer<T> =
  | Readonly<{ ok: true; status: number; body: T }>
  | Readonly<{ ok: false; problem: ProblemDocument }>;

const parseProblem = (status: number, text: string): ProblemDocument => {
  try {
    const document = JSON.parse(text) as Partial<ProblemDocument>;
    if (typeof document.title === 'string') return { ...document, title: document.title, status };
  } catch {
    // Something that is no service of ours answered.
  }
  return { status, title: `status ${status}`, detail: text.slice(0, 300) };
};

const timeoutMs = 30_000;

/**
 * Calls a service's API as the operator. An answer that the caller can act on is given back.
 *
 * @throws NotReachable when nothing answers, the token is not accepted, or the service has failed.
 */
export const callService = async <T>(
  addresses: Addresses,
  service: ServiceName,
  request: Readonly<{ method: 'GET' | 'POST' | 'PUT'; path: string; body?: unknown }>,
): Promise<Answer<T>> => {
  const url = `${addresses.apiUrl(service)}${request.path}`;
  const token = addresses.token();
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: request.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    const reason = cause?.code ?? cause?.message ?? message;
    throw new NotReachable(`${service} at ${url} does not answer: ${reason}`, { cause: error });
  }
  if (response.ok) return { ok: true, status: response.status, body: JSON.parse(text) as T };
  const problem = parseProblem(response.status, text);
  if (response.status === 401 || response.status === 403 || response.status >= 500) {
    throw new NotReachable(
      `${service} answered ${response.status}: ${problem.detail ?? problem.title}`,
    );
  }
  return { ok: false, problem };
};
