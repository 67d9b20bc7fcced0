/** Nobody answers at the API's address. */
export class ApiUnreachableError extends Error {
  override readonly name = 'ApiUnreachableError'

  constructor(baseUrl: string, cause: unknown) {
    super(
      `The API at ${baseUrl} does not answer (${reasonOf(cause)}). ` +
        "Start it with 'turnkeeper dev', or name another one with --api-url.",
      { cause },
    )
  }
}

/** The API answered with an error. */
export class ApiRefusedError extends Error {
  override readonly name = 'ApiRefusedError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface ApiOptions {
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly apiKey?: string
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface Api {
  readonly baseUrl: string
  /** The `data` of the answer. @throws {ApiUnreachableError} @throws {ApiRefusedError} */
  request<T>(path: string, request?: ApiRequest): Promise<T>
  /** The bytes of an answer as they come, for as long as they come. Throws as `request` does. */
  read(path: string, request?: ApiRequest): AsyncGenerator<Uint8Array>
}

/** What a request other than a stream may take. */
const REQUEST_TIMEOUT_MS = 20_000

export function createApi({ baseUrl, apiKey }: ApiOptions): Api {
  async function open(path: string, request: ApiRequest = {}): Promise<Response> {
    const response = await fetch(`${baseUrl}${path}`, {
      method: request.method ?? 'GET',
      headers: {
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(apiKey ? { 'x-api-key': apiKey } : {}),
        ...request.headers,
      },
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      signal: request.signal,
    }).catch((error: unknown) => {
      if (request.signal?.aborted && !isTimeout(request.signal.reason)) throw error
      throw new ApiUnreachableError(baseUrl, error)
    })
    if (!response.ok) throw await refusal(response)
    return response
  }

  async function request<T>(path: string, options: ApiRequest = {}): Promise<T> {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
    const response = await open(path, { ...options, signal })
    const body: unknown = await response.json().catch((error: unknown) => {
      throw new ApiUnreachableError(baseUrl, error)
    })
    const hasData = isObject(body) && 'data' in body
    return (hasData ? body.data : body) as T // our own API, described by the types of `api/deps.ts`
  }

  async function* read(path: string, options: ApiRequest = {}): AsyncGenerator<Uint8Array> {
    const { body } = await open(path, options)
    try {
      if (body) yield* body
    } catch (error) {
      options.signal?.throwIfAborted()
      throw new ApiUnreachableError(baseUrl, error)
    }
  }

  return { baseUrl, request, read }
}

/** Whether trying again later could help: nobody answers, or the server says so itself. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ApiUnreachableError) return true
  return error instanceof ApiRefusedError && [429, 502, 503, 504].includes(error.status)
}

async function refusal(response: Response): Promise<ApiRefusedError> {
  const text = await response.text().catch(() => '')
  const said = errorOf(text) || text.slice(0, 200) || response.statusText
  const help =
    response.status === 401
      ? ' Set ELIZA_SERVER_AUTH_TOKEN to the key that the API was started with.'
      : ''
  return new ApiRefusedError(
    response.status,
    `The API refused (${response.status}): ${said}${help}`,
  )
}

/** The words of an error in either of ElizaOS's envelopes. */
function errorOf(text: string): string | undefined {
  const body = parsed(text)
  if (!isObject(body)) return undefined
  const { error, details } = body
  if (isObject(error)) return typeof error.message === 'string' ? error.message : undefined
  if (typeof error !== 'string') return undefined
  return typeof details === 'string' ? `${error} (${details})` : error
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

// By their fields, not by `instanceof`: errors of `fetch` may come from another realm.
const isTimeout = (error: unknown) => isObject(error) && error.name === 'TimeoutError'

function reasonOf(error: unknown): string {
  if (isTimeout(error)) return `no answer within ${REQUEST_TIMEOUT_MS / 1000} s`
  const cause = isObject(error) && isObject(error.cause) ? error.cause : error
  if (!isObject(cause)) return String(error)
  return String(cause.code ?? cause.message)
}
