import { z } from 'zod'

/**
 * Host names and addresses as a URL has them, without brackets: in lower case, in ASCII, each address
 * in one spelling. Anything else would be compared with a URL's host and never be equal to it.
 */
export const hostNames = z.array(z.string()).transform((hosts, { addIssue }) =>
  hosts.flatMap((text) => {
    const host = hostOf(text)
    if (host === undefined) addIssue(`'${text}' is no host`)
    return host ?? []
  }),
)

function hostOf(text: string): string | undefined {
  const address = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  const url = address.includes(':') ? `http://[${address}]/` : `http://${address}/`
  if (/[/?#@\\[\]]/.test(address) || !URL.canParse(url)) return undefined
  return new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}
