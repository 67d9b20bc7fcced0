import { createReadStream, createWriteStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw } from 'node:zlib'

const END_OF_DIRECTORY = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const STORED = 0
/** The directory's end record with the longest comment the format allows. */
const LONGEST_TAIL_BYTES = 22 + 0xffff

interface ZipEntry {
  readonly method: number
  readonly crc: number
  readonly packedBytes: number
  readonly headerOffset: number
}

/**
 * Writes one file of a zip archive (a wheel is one) to `destination`, streaming.
 * Reads the plain format only: no encryption, nothing beyond 4 GiB.
 * @throws when the archive is damaged or has no such entry.
 */
export async function unzipEntry(archive: string, name: string, destination: string) {
  const file = await open(archive)
  try {
    const entry = findEntry(await readDirectory(file, archive), name)
    if (!entry) throw new Error(`The archive '${archive}' has no entry '${name}'.`)
    await writeEntry(archive, await dataOffset(file, entry), entry, destination)
  } finally {
    await file.close()
  }
}

async function readDirectory(file: FileHandle, archive: string): Promise<Buffer> {
  const { size } = await file.stat()
  const tail = await readAt(file, Math.max(0, size - LONGEST_TAIL_BYTES), LONGEST_TAIL_BYTES)
  const end = tail.lastIndexOf(littleEndian(END_OF_DIRECTORY))
  if (end < 0 || end + 22 > tail.length) throw new Error(`'${archive}' is no zip archive.`)
  return readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
}

function findEntry(directory: Buffer, name: string): ZipEntry | undefined {
  let at = 0
  while (at + 46 <= directory.length && directory.readUInt32LE(at) === DIRECTORY_ENTRY) {
    const nameBytes = directory.readUInt16LE(at + 28)
    if (directory.toString('utf8', at + 46, at + 46 + nameBytes) === name) {
      return {
        method: directory.readUInt16LE(at + 10),
        crc: directory.readUInt32LE(at + 16),
        packedBytes: directory.readUInt32LE(at + 20),
        headerOffset: directory.readUInt32LE(at + 42),
      }
    }
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return undefined
}

/** The name and the extra field in front of the data may differ from the directory's copy. */
async function dataOffset(file: FileHandle, { headerOffset }: ZipEntry): Promise<number> {
  const header = await readAt(file, headerOffset, 30)
  if (header.length < 30) throw new Error('The zip archive is cut short.')
  return headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
}

async function writeEntry(archive: string, start: number, entry: ZipEntry, destination: string) {
  const packed = createReadStream(archive, { start, end: start + entry.packedBytes - 1 })
  let crc = 0
  const checked = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      crc = crc32(chunk, crc)
      yield chunk
    }
  }
  const target = createWriteStream(destination)
  if (entry.method === STORED) await pipeline(packed, checked, target)
  else await pipeline(packed, createInflateRaw(), checked, target)
  if (crc !== entry.crc) throw new Error(`The archive '${archive}' is damaged (checksum differs).`)
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(bytes), position })
  return buffer.subarray(0, bytesRead)
}

function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
