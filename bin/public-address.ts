import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Ranges of the registries of special-purpose addresses (IANA, RFC 6890 and its successors) that no
 * public server has, multicast included. IPv4 addresses that are written as IPv6 ones
 * (`::ffff:127.0.0.1`) count as what they are. 168.63.129.16 is public by its number alone: every
 * machine in Azure reaches its own host by it.
 */
const V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24'],
  ...['192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  '168.63.129.16/32',
]

/** The one range of IPv6 that is given to public servers, and what is special within it. */
const V6_PUBLIC = '2000::/3'
const V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']

const special = listOf([...V4, ...V6])
const global6 = listOf([V6_PUBLIC])

/** The well-known prefix of NAT64: an IPv4 address stands in its last 32 bits. */
const nat64 = listOf(['64:ff9b::/96'])

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Of this machine, as they are now. */
type Interfaces = ReturnType<typeof networkInterfaces>

/**
 * Whether an address can be that of a server in the public internet. What is no address is not, nor
 * is an address of this machine: behind it are services that its firewall keeps from the internet.
 */
export function isPublicAddress(
  address: string,
  interfaces: Interfaces = networkInterfaces(),
): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4') && !isOwn(address, interfaces)
  if (family !== 6 || address.includes('%')) return false
  const embedded = embeddedV4(address)
  if (embedded !== undefined) return isPublicAddress(embedded, interfaces)
  const isGlobal = global6.check(address, 'ipv6') && !special.check(address, 'ipv6')
  return isGlobal && !isOwn(address, interfaces)
}

/** By value: an IPv6 address has many spellings. */
function isOwn(address: string, interfaces: Interfaces): boolean {
  const own = new BlockList()
  for (const entry of Object.values(interfaces).flatMap((entries) => entries ?? [])) {
    own.addAddress(entry.address, entry.family === 'IPv6' ? 'ipv6' : 'ipv4')
  }
  return own.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** Of `::ffff:a.b.c.d` and of NAT64's `64:ff9b::a.b.c.d`. */
function embeddedV4(address: string): string | undefined {
  const normal = new URL(`http://[${address}]/`).hostname.slice(1, -1) // groups in hexadecimal
  const isNat64 = nat64.check(address, 'ipv6')
  if (!isNat64 && !/^::ffff:[\da-f]+:[\da-f]+$/.test(normal)) return undefined
  const groups = normal.replace(/^64:ff9b::|^::ffff:/, '').split(':')
  const [high, low] = groups.length === 1 ? ['0', ...groups] : groups
  const bits = (Number.parseInt(high || '0', 16) << 16) | Number.parseInt(low || '0', 16)
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}
