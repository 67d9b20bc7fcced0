import type { GenerateContentParameters, GenerateContentResponse, Part } from '@google/genai/web'
import type {
  Billed,
  CallOptions,
  DrawRequest,
  DrawResult,
  SpeakRequest,
  SpeakResult,
} from '../agent/models.ts'
import { checkedUsage, sumOfCounts } from './checked-usage.ts'
import { usageOf } from './google-answer.ts'
import { singleRequest } from './google-request.ts'
import { wavOf } from './google-wav.ts'
import { amongSent } from './several-requests.ts'
import { type VendorCall, vendorError } from './vendor-error.ts'

/** Asks once, and waits for the whole answer. */
export type AskGoogle = (
  params: (signal: AbortSignal) => GenerateContentParameters,
  options: CallOptions,
) => Promise<GenerateContentResponse>

const RATIOS = ['1:1', '2:3', '3:2', '3:4', '4:3', '9:16', '16:9', '21:9'] as const

/** One of Google's voices; it has no default one. */
const VOICE = 'Kore'

/** Each picture is a call of its own: Google's models draw one at a time. */
export async function draw(
  { model, prompt, size, count = 1 }: DrawRequest,
  options: CallOptions,
  { ask, call }: { readonly ask: AskGoogle; readonly call: VendorCall },
): Promise<DrawResult> {
  if (model.includes('imagen')) throw noImagen(call)
  const answers = await Promise.all(
    Array.from({ length: count }, () =>
      amongSent(
        count > 1,
        ask(
          (signal) => ({
            model,
            contents: prompt,
            config: {
              ...singleRequest(signal),
              responseModalities: ['IMAGE'],
              ...(size && { imageConfig: { aspectRatio: ratioOf(size) } }),
            },
          }),
          options,
        ),
      ),
    ),
  )
  const images = answers.flatMap((answer) =>
    mediaOf(answer, call).map(({ data, mimeType }) => ({ url: `data:${mimeType};base64,${data}` })),
  )
  return { images, ...billOf(answers) }
}

/** Imagen is only sold through Google Cloud; the client refuses it before anything is sent. */
const noImagen = (call: VendorCall) =>
  vendorError(
    {
      kind: 'refusal',
      isUnsent: true,
      code: 'invalid_model',
      message: 'Imagen needs a Google Cloud project',
    },
    call,
  )

/** The ratio that comes nearest to `1792x1024`. */
function ratioOf(size: string): string {
  const [width = 1, height = 1] = size.split('x').map(Number)
  const distance = (ratio: string) => {
    const [w = 1, h = 1] = ratio.split(':').map(Number)
    return Math.abs(Math.log(width / height / (w / h)))
  }
  return RATIOS.reduce((best, ratio) => (distance(ratio) < distance(best) ? ratio : best))
}

/** Google has no setting for speed. */
export async function speak(
  { model, text, voice = VOICE }: SpeakRequest,
  options: CallOptions,
  { ask, call }: { readonly ask: AskGoogle; readonly call: VendorCall },
): Promise<SpeakResult> {
  const answer = await ask(
    (signal) => ({
      model,
      contents: text,
      config: {
        ...singleRequest(signal),
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } },
      },
    }),
    options,
  )
  const media = mediaOf(answer, call)
  const audio = Buffer.concat(media.map(({ data }) => Buffer.from(data, 'base64')))
  return { ...wavOf(audio, media[0]?.mimeType ?? ''), ...billOf([answer]) }
}

/** The files of an answer. @throws {ModelError} there is none: refused, or words about why not. */
function mediaOf(
  { candidates, promptFeedback }: GenerateContentResponse,
  call: VendorCall,
): readonly { readonly data: string; readonly mimeType: string }[] {
  const candidate = candidates?.[0]
  const files = (candidate?.content?.parts ?? []).flatMap(({ inlineData, thought }: Part) =>
    inlineData?.data && !thought
      ? [{ data: inlineData.data, mimeType: inlineData.mimeType ?? '' }]
      : [],
  )
  if (files.length > 0) return files
  const reason = promptFeedback?.blockReason ?? candidate?.finishReason ?? 'an empty answer'
  throw reason === 'STOP' || reason === 'an empty answer'
    ? vendorError({ kind: 'not-an-answer', got: 'words only' }, call)
    : vendorError({ kind: 'blocked', reason }, call)
}

function billOf(answers: readonly GenerateContentResponse[]): Billed {
  const usages = answers.map(({ usageMetadata }) => usageOf(usageMetadata))
  // Half a bill would pass for the whole: one without a count, and the sums are none.
  const usage = checkedUsage({
    inputTokens: sumOfCounts(usages.map((one) => one?.inputTokens)),
    outputTokens: sumOfCounts(usages.map((one) => one?.outputTokens)),
  })
  return { ...(usage && { usage }), cost: null }
}
