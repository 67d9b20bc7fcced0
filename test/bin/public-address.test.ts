import { describe, expect, it } from '@jest/globals'
import { isPublicAddress } from '../../bin/public-address.ts'

describe('an address that a public server may have', () => {
  it.each([
    ...['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.255.255', '172.32.0.1', '100.63.255.255'],
    ...['100.128.0.1', '169.253.1.1', '192.167.1.1', '223.255.255.255', '198.17.255.255'],
    ...['2606:4700:4700::1111', '2a00:1450:4001:81b::200e', '::ffff:8.8.8.8', '64:ff9b::808:808'],
  ])('is %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
})

describe('an address that leads into a network of its own', () => {
  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255'],
    ...['127.0.0.1', '127.255.255.254', '169.254.169.254', '169.254.170.2', '172.16.0.1'],
    ...['172.31.255.255', '192.0.0.1', '192.0.2.7', '192.168.1.1', '198.18.0.1', '198.19.255.255'],
    ...['198.51.100.1', '203.0.113.9', '224.0.0.1', '239.255.255.250', '240.0.0.1'],
    ...['255.255.255.255', '168.63.129.16', '::ffff:168.63.129.16'],
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'fec0::1', 'ff02::1'],
    ...['2001:db8::1', '2001::1', '2002:7f00:1::', '100::1', '5f00::1', '3fff::1'],
    ...['::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:0:1'],
    ...['::ffff:169.254.169.254', '64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b::'],
    ...['64:ff9b::1', '64:ff9b:1::7f00:1'],
  ])('is %s', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it.each(['', 'localhost', '127.1', '0x7f000001', '2130706433', '1.1.1.1.', '[::1]', '999.1.1.1'])(
    'is also whatever is no address: %s',
    (text) => {
      expect(isPublicAddress(text)).toBe(false)
    },
  )
})

describe('an address of this machine', () => {
  const one = { netmask: '', mac: '', internal: false, cidr: null }
  const interfaces = {
    eth0: [
      { ...one, address: '93.184.216.34', family: 'IPv4' as const },
      { ...one, address: '2606:4700:0:0:0:0:0:7', family: 'IPv6' as const, scopeid: 0 },
    ],
    eth1: undefined,
  }

  it.each(['93.184.216.34', '::ffff:93.184.216.34', '64:ff9b::5db8:d822', '2606:4700::7'])(
    'is none of a public server, however it is written: %s',
    (address) => {
      expect(isPublicAddress(address, {})).toBe(true)
      expect(isPublicAddress(address, interfaces)).toBe(false)
    },
  )

  it.each(['93.184.216.35', '2606:4700::8'])('is not that of a neighbour: %s', (address) => {
    expect(isPublicAddress(address, interfaces)).toBe(true)
  })
})
