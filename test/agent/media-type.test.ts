import { describe, expect, it } from '@jest/globals'
import { pictureType, soundType, textOf } from '../../agent/media-type.ts'

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')

describe('the type of a picture', () => {
  it.each([
    ['\x89PNG\r\n\x1a\n....', 'image/png'],
    ['\xff\xd8\xff\xe0....', 'image/jpeg'],
    ['GIF89a....', 'image/gif'],
    ['RIFF\n\x00\x00\x00WEBPVP8 ', 'image/webp'],
    ['<svg xmlns=""></svg>', undefined],
    ['<html>', undefined],
    ['RIFF....WAVE', undefined],
    ['', undefined],
  ])('is told by its first bytes: %j', (head, type) => {
    expect(pictureType(bytes(head))).toBe(type)
  })
})

describe('the type of a sound', () => {
  const data = bytes('x')
  it.each([
    ['audio/ogg', {}, 'audio/ogg'],
    ['application/octet-stream', { contentType: 'audio/mpeg' }, 'audio/mpeg'],
    ['application/octet-stream', { contentType: 'audio' }, 'audio/ogg'],
    ['text/html', { url: 'https://example.org/page' }, undefined],
    ['video/webm', { url: 'https://example.org/page' }, 'audio/webm'],
    ['application/ogg', { url: 'https://example.org/page' }, 'audio/ogg'],
    ['audio/x-evil\r\nheader', { url: 'https://example.org/page' }, undefined],
  ])('is that of its server, its own or its name: %s %j', (mimeType, media, type) => {
    const given = { url: 'https://example.org/voice.ogg', ...media }
    expect(soundType({ data, mimeType }, given)).toBe(type)
  })
})

describe('the text of a document', () => {
  it.each([
    ['text/plain', undefined, 'Grüße'],
    ['text/csv', 'utf-8', 'a,b'],
    ['application/octet-stream', undefined, 'plain'],
    ['text/plain', 'no-such-charset', 'Grüße'],
  ])('is read as its server says: %s %s', (mimeType, charset, text) => {
    const fetched = { data: Buffer.from(text), mimeType, ...(charset ? { charset } : {}) }
    expect(textOf(fetched)).toBe(text)
  })

  it('is read in an older charset', () => {
    const fetched = { data: bytes('Gr\xfc\xdfe'), mimeType: 'text/plain', charset: 'iso-8859-1' }
    expect(textOf(fetched)).toBe('Grüße')
  })

  it('is none where there are bytes of another kind', () => {
    expect(textOf({ data: bytes('%PDF'), mimeType: 'application/pdf' })).toBeUndefined()
    expect(textOf({ data: bytes('a\x00b'), mimeType: 'text/plain' })).toBeUndefined()
  })
})
