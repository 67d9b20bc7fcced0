import { z } from 'zod'

/** What may come with a message. */
export const MAX_ATTACHMENTS = 10

/** Of a `data:` URL, in characters: about 3 MB. The largest body of a request stands before it. */
const MAX_DATA_URL = 4_200_000

const MAX_WEB_URL = 2_048

const URL_EXPECTED =
  'must begin with https:, http: or data:, and have at most 2,048 characters (data: 4,200,000)'

/** The address of an attachment. Not parsed where it is `data:`: that would copy megabytes. */
const mediaUrl = z.string().refine((url) => {
  if (/^data:/i.test(url)) return url.length <= MAX_DATA_URL && url.includes(',')
  return url.length <= MAX_WEB_URL && /^https?:\/\//i.test(url) && URL.canParse(url)
}, URL_EXPECTED)

const name = z.string().max(500, 'must have at most 500 characters').nullish()
const words = z.string().max(100_000, 'must have at most 100,000 characters').nullish()

/** ElizaOS's Media, as it comes with a message. Further keys are dropped. */
export const mediaBody = z
  .object({
    id: z
      .string()
      .min(1, 'must not be empty')
      .max(255, 'must have at most 255 characters')
      .nullish(),
    url: mediaUrl,
    title: name,
    source: name,
    description: words.meta({ description: 'What it shows. With it nobody looks at it any more.' }),
    text: words.meta({ description: 'What is written in it, or said.' }),
    contentType: name.meta({ description: 'image, audio, document, … or a type like image/png.' }),
  })
  .meta({ id: 'Media', example: { url: 'https://example.org/cat.jpg', contentType: 'image' } })

export const attachmentsBody = z
  .array(mediaBody)
  .max(MAX_ATTACHMENTS, `must have at most ${MAX_ATTACHMENTS} entries`)
  .meta({ description: 'What comes with the message. Also as metadata.attachments.' })
