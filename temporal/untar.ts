import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

const BLOCK_BYTES = 512
/** Plain files: '0', or NUL in old archives. */
const FILE_TYPES = ['0', '\0']

/**
 * Writes one file of a `.tar.gz` archive to `destination`, streaming. Names beyond 100 bytes are
 * not read: the archives meant here hold a handful of short names.
 * @throws when the archive is damaged or has no such entry.
 */
export async function untarEntry(archive: string, name: string, destination: string) {
  let isFound = false
  const entry = async function* (chunks: AsyncIterable<Buffer>) {
    const blocks = blockReader(chunks)
    for (let header = await blocks.take(BLOCK_BYTES); isHeader(header); ) {
      const bytes = Number.parseInt(text(header, 124, 12), 8)
      const isWanted = normalise(text(header, 0, 100)) === normalise(name) && isFile(header)
      for await (const part of blocks.stream(bytes)) if (isWanted) yield part
      isFound ||= isWanted
      await blocks.take((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES)
      header = await blocks.take(BLOCK_BYTES)
    }
  }
  await pipeline(createReadStream(archive), createGunzip(), entry, createWriteStream(destination))
  if (!isFound) throw new Error(`The archive '${archive}' has no entry '${name}'.`)
}

/** Reads a stream in pieces of a wanted size, whatever sizes it arrives in. */
function blockReader(chunks: AsyncIterable<Buffer>) {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)

  async function* stream(bytes: number): AsyncGenerator<Buffer> {
    let missing = bytes
    while (missing > 0) {
      if (rest.length === 0) {
        const next = await iterator.next()
        if (next.done) throw new Error('The tar archive is cut short.')
        rest = next.value
      }
      const part = rest.subarray(0, missing)
      rest = rest.subarray(part.length)
      missing -= part.length
      yield part
    }
  }
  const take = async (bytes: number) => {
    const parts: Buffer[] = []
    for await (const part of stream(bytes)) parts.push(part)
    return Buffer.concat(parts)
  }
  return { stream, take }
}

/** False for the zero block that ends an archive. @throws when it is neither. */
function isHeader(block: Buffer): boolean {
  if (block.every((byte) => byte === 0)) return false
  const checksum = Number.parseInt(text(block, 148, 8), 8)
  let sum = 8 * 0x20 // the checksum field itself counts as spaces
  for (const [at, byte] of block.entries()) if (at < 148 || at >= 156) sum += byte
  if (sum !== checksum) throw new Error('The tar archive is damaged (header checksum differs).')
  return true
}

function isFile(header: Buffer): boolean {
  return FILE_TYPES.includes(String.fromCharCode(header[156] ?? 0))
}

function text(header: Buffer, start: number, bytes: number): string {
  const end = header.indexOf(0, start)
  const limit = start + bytes
  return header.toString('utf8', start, end < 0 ? limit : Math.min(end, limit)).trim()
}

function normalise(name: string): string {
  return name.replace(/^\.\//, '')
}
