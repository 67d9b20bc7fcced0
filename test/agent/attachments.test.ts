import { describe, expect, it } from '@jest/globals'
import { lineOf, spokenText } from '../../agent/attachment-words.ts'
import {
  attachmentsOf,
  isUnread,
  kindOf,
  type Media,
  mediaKey,
  needsAttention,
  withDescriptions,
  withoutPassingReasons,
} from '../../agent/attachments.ts'
import type { Content } from '../../agent/memory.ts'

const PAGE = 'https://example.org/page'

describe('the kind of an attachment', () => {
  it.each<[Partial<Media>, string]>([
    [{ contentType: 'image' }, 'image'],
    [{ contentType: 'IMAGE/PNG' }, 'image'],
    [{ contentType: 'audio' }, 'audio'],
    [{ contentType: 'audio/ogg; codecs=opus' }, 'audio'],
    [{ contentType: 'text/plain; charset=utf-8' }, 'text'],
    [{ contentType: 'video' }, 'other'],
    [{ contentType: 'link' }, 'other'],
    [{ contentType: 'application/pdf' }, 'other'],
    [{ contentType: 'document' }, 'other'],
    [{ contentType: 'document', url: `${PAGE}.TXT?v=1` }, 'text'],
    [{ contentType: 'document', url: `${PAGE}.pdf` }, 'other'],
    [{ contentType: 'link', url: `${PAGE}.png` }, 'other'],
    [{}, 'other'],
    [{ url: `${PAGE}.jpeg` }, 'image'],
    [{ url: `${PAGE}.png/` }, 'other'],
    [{ url: `${PAGE}.constructor` }, 'other'],
    [{ url: `${PAGE}?name=x.mp3` }, 'other'],
    [{ url: `${PAGE}.mp3#part` }, 'audio'],
    [{ url: 'data:image/webp;base64,AAAA' }, 'image'],
    [{ url: 'data:audio/ogg,x.png' }, 'audio'],
    [{ url: 'data:,x.png' }, 'other'],
    [{ url: 'no url.png' }, 'other'],
  ])('is told by %j: %s', (media, kind) => {
    expect(kindOf({ url: PAGE, ...media })).toBe(kind)
  })
})

describe('what has to be looked at', () => {
  it.each<[Partial<Media>, boolean]>([
    [{ contentType: 'image' }, true],
    [{ contentType: 'image', description: ' ' }, true],
    [{ contentType: 'image', text: 'MEOW' }, true],
    [{ contentType: 'image', description: 'A cat.' }, false],
    [{ contentType: 'audio' }, true],
    [{ contentType: 'audio', text: 'Hi.' }, false],
    [{ contentType: 'text/plain', description: '(not read: gone)' }, false],
    [{ contentType: 'video' }, false],
  ])('%j: %s', (media, expected) => {
    expect(isUnread({ url: PAGE, ...media })).toBe(expected)
    expect(needsAttention({ attachments: [{ url: PAGE, ...media }] })).toBe(expected)
  })

  it.each([
    [{}],
    [{ attachments: 'image.png' }],
    [{ attachments: [null, 'x', 7, [], {}, { url: '' }, { url: 5 }] }],
  ] as [Content][])('is nothing where there are no attachments: %j', (content) => {
    expect(attachmentsOf(content)).toEqual([])
    expect(needsAttention(content)).toBe(false)
    expect(withDescriptions(content, new Map())).toBe(content)
  })

  it('keeps only texts of what platforms write', () => {
    const attachments = [{ url: PAGE, title: 7, id: null, text: 'x', size: 9 }]
    expect(attachmentsOf({ attachments })).toEqual([{ url: PAGE, text: 'x' }])
  })
})

describe('what was found', () => {
  const cat: Media = { id: '1', url: `${PAGE}.png` }
  const dog: Media = { id: '1', url: `${PAGE}.jpg` }

  it('goes to the attachment of that id and address, beside what it had', () => {
    const content = {
      text: 'Look!',
      attachments: [{ ...cat, size: 9 }, 'x', { ...dog }, { ...cat, description: 'Known.' }],
    }
    const found = new Map([[mediaKey(cat), { title: 'Tom', description: 'A cat.', text: 'MEOW' }]])
    expect(withDescriptions(content, found)).toEqual({
      text: 'Look!',
      attachments: [
        { ...cat, size: 9, title: 'Tom', description: 'A cat.', text: 'MEOW' },
        'x',
        dog,
        { ...cat, description: 'Known.' },
      ],
    })
  })
})

describe('what was not looked at for a reason that passes', () => {
  const url = `${PAGE}.png`
  const unread = { url, title: 'Tom', description: '(not described)', unread: 'budget_exhausted' }

  it('is to be looked at again once the reason is taken away', () => {
    const content = { text: 'Look!', attachments: [unread, 'x', { url, description: 'A cat.' }] }
    expect(needsAttention(content)).toBe(false)
    const again = withoutPassingReasons(content)
    expect(again).toEqual({
      text: 'Look!',
      attachments: [{ url, title: 'Tom' }, 'x', { url, description: 'A cat.' }],
    })
    expect(needsAttention(again)).toBe(true)
  })

  it('changes nothing where there is none', () => {
    const content = { attachments: [{ url, description: 'A cat.' }] }
    expect(withoutPassingReasons(content)).toBe(content)
  })
})

describe('the line of a message in a transcript', () => {
  it.each<[Content, string]>([
    [{ text: 'Hello' }, 'Hello'],
    [{}, ''],
    [{ text: 'Look', attachments: [{ url: PAGE }] }, 'Look [attachment]'],
    [{ attachments: [{ url: PAGE, contentType: 'video', title: 'Us' }] }, '[video "Us"]'],
    [
      { text: 'Look', attachments: [{ url: 'data:image/png,', description: 'A\n  cat.' }] },
      'Look [image: A cat.]',
    ],
    [
      { text: 'Read', attachments: [{ url: `${PAGE}.txt`, text: 'Milk' }] },
      'Read [document: Milk]',
    ],
    [{ text: ' ', attachments: [{ url: `${PAGE}.ogg`, text: 'Good morning' }] }, 'Good morning'],
    [{ text: 'Hear', attachments: [{ url: `${PAGE}.ogg`, text: 'Hum' }] }, 'Hear [audio: Hum]'],
    [
      { attachments: [{ url: `${PAGE}.ogg`, description: '(audio, not transcribed: gone)' }] },
      '[audio: (audio, not transcribed: gone)]',
    ],
  ])('%j', (content, line) => {
    expect(lineOf(content)).toBe(line)
  })

  it('is short, whatever a picture shows', () => {
    const description = 'x'.repeat(10_000)
    expect(lineOf({ attachments: [{ url: 'data:image/png,', description }] })).toHaveLength(304)
  })

  it('is what a person said, with the recordings in their order', () => {
    const heard = ['One.', 'Two.'].map((text) => ({ url: `${PAGE}.mp3`, text }))
    expect(spokenText({ text: '', attachments: heard })).toBe('One.\nTwo.')
    expect(spokenText({ text: 'Typed.', attachments: heard })).toBe('Typed.')
  })

  it('ends somewhere, whatever a client says was heard', () => {
    const heard = ['x', 'y'].map((text) => ({ url: `${PAGE}.mp3`, text: text.repeat(20_000) }))
    expect(spokenText({ attachments: heard })).toMatch(
      /^x{20000}\ny{3999} … \(16001 more characters\)$/,
    )
    const typed = 'z'.repeat(30_000)
    expect(spokenText({ text: typed })).toBe(typed)
  })
})
