import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import {
  type FetchedMedia,
  type FetchMedia,
  MediaError,
  type MediaFetcher,
} from '../agent/media.ts'
import { isPublicAddress } from './public-address.ts'
import { version } from './version.ts'

const MAX_REDIRECTS = 3
const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308]

export interface MediaFetchOptions {
  /** Host names and addresses, in lower case, that may be asked although they are not public. */
  readonly allowedHosts: readonly string[]
  /** @default the system's */
  readonly resolve?: typeof lookup
}

/**
 * Fetches what strangers sent the address of. It must not become a way into the network it runs in:
 * the address is checked when the connection is made, behind the name's resolution, so no answer of a
 * name server can change in between, and each redirect is a new request with the same checks. No
 * proxy, no cookies, no credentials, and no decompression: a small body stays small.
 */
export function createMediaFetcher(options: MediaFetchOptions): MediaFetcher {
  const lookup = publicLookup(options)
  // Of its own: a shared agent might hand out a connection that was checked for nobody.
  const agents = { 'http:': new HttpAgent({ lookup }), 'https:': new HttpsAgent({ lookup }) }
  const get = (url: URL, signal: AbortSignal) => {
    const isAllowed = options.allowedHosts.includes(hostOf(url))
    if (isIP(hostOf(url)) !== 0 && !isAllowed) refuseUnlessPublic([hostOf(url)]) // never looked up
    return ask(url, agents, signal)
  }
  return {
    async fetch(address, { maxBytes, signal }) {
      if (/^data:/i.test(address)) return decoded(address, maxBytes)
      let url = webUrl(address)
      for (let redirects = 0; ; redirects += 1) {
        const response = await get(url, signal)
        const next = response.headers.location
        if (!REDIRECTS.includes(response.statusCode) || next === undefined) {
          return received(response, { maxBytes, signal })
        }
        response.destroy()
        if (redirects === MAX_REDIRECTS) throw new MediaError('its server redirects too often')
        url = webUrl(next, url)
      }
    },
  }
}

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** @throws {MediaError} */
function webUrl(address: string, from?: URL): URL {
  if (!URL.canParse(address, from?.href)) throw new MediaError('its address is no URL')
  const url = new URL(address, from)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new MediaError(`its address begins with '${url.protocol.slice(0, 20)}', not with https:`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new MediaError('its address has a user name in it')
  }
  return url
}

/** What `net.connect` resolves names with; it is called for every connection. */
function publicLookup({ allowedHosts, resolve = lookup }: MediaFetchOptions): LookupFunction {
  return (hostname, options, callback) => {
    const all: LookupOptions & { all: true } = { ...options, all: true }
    resolve(hostname, all, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '')
      try {
        const isAllowed = allowedHosts.includes(hostname.toLowerCase().replace(/\.$/, ''))
        if (!isAllowed) refuseUnlessPublic(addresses.map(({ address }) => address))
      } catch (refused) {
        return callback(refused as MediaError, '') // thrown one line above
      }
      const [first] = addresses
      if (options.all) return callback(null, addresses)
      return callback(null, first?.address ?? '', first?.family)
    })
  }
}

/** All of a name's addresses: which one is taken is not for us to say. */
function refuseUnlessPublic(addresses: readonly string[]): void {
  if (addresses.length > 0 && addresses.every((address) => isPublicAddress(address))) return
  throw new MediaError('its server is not in the public internet', {
    hint: 'TURNKEEPER_MEDIA_HOSTS names the exceptions.',
  })
}

type Agents = Readonly<{ 'http:': HttpAgent; 'https:': HttpsAgent }>

function ask(url: URL, agents: Agents, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': `turnkeeper/${version()}`,
  }
  const isSecure = url.protocol === 'https:'
  const agent = isSecure ? agents['https:'] : agents['http:']
  const send = isSecure ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send(url, { agent, headers, signal }, (response) => {
      response.on('error', () => undefined) // whoever reads it hears of it; nobody reads a redirect
      resolve(response)
    })
    request.on('error', (error) => reject(reasonOf(error, signal)))
    request.end()
  })
}

/** What went wrong on the way there, without addresses of machines. */
function reasonOf(error: NodeJS.ErrnoException, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof MediaError) return error
  const code = error.code === undefined ? '' : ` (${error.code})`
  return new MediaError(`its server could not be reached${code}`, { cause: error })
}

/** @throws {MediaError} */
async function received(
  response: IncomingMessage,
  { maxBytes, signal }: FetchMedia,
): Promise<FetchedMedia> {
  try {
    const { statusCode = 0, headers } = response
    if (statusCode !== 200) throw new MediaError(`its server answered ${statusCode}`)
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      throw new MediaError('its server compresses it, which was not asked for')
    }
    if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
    const data = await bounded(response, maxBytes)
    return { data, ...typeOf(headers['content-type']) }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof MediaError) throw error
    throw new MediaError('its server broke off', { cause: error })
  } finally {
    response.destroy()
  }
}

/** A server may say nothing about the length, or something wrong. */
async function bounded(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = (maxBytes: number) =>
  new MediaError(`it is larger than ${Math.floor(maxBytes / 1024)} KiB`)

function typeOf(header = ''): Pick<FetchedMedia, 'mimeType' | 'charset'> {
  const mimeType = header.split(';')[0]?.trim().toLowerCase() || 'application/octet-stream'
  const charset = /;\s*charset="?([\w-]+)/i.exec(header)?.[1]
  return charset === undefined ? { mimeType } : { mimeType, charset }
}

/** Four characters of base64 are three bytes; percent signs triple a byte. */
const LONGEST_SPELLING = 3

/** Node's own reading of `data:` URLs; nothing is fetched. @throws {MediaError} */
async function decoded(url: string, maxBytes: number): Promise<FetchedMedia> {
  if (url.length > maxBytes * LONGEST_SPELLING + 1_000) throw tooLarge(maxBytes)
  const response = await fetch(url).catch((cause: unknown) => {
    throw new MediaError('its data: URL cannot be read', { cause })
  })
  const data = new Uint8Array(await response.arrayBuffer())
  if (data.length > maxBytes) throw tooLarge(maxBytes)
  return { data, ...typeOf(response.headers.get('content-type') ?? '') }
}
