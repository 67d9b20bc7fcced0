import type { ModelCalls } from '../../agent/context.ts'
import { ModelError } from '../../agent/errors.ts'
import { MediaError } from '../../agent/media.ts'
import type { ModelPurpose, TextPurpose } from '../../agent/models.ts'
import { composePrompt } from '../../agent/prompts/compose-prompt.ts'
import { parseImageAnswer } from '../../agent/prompts/image-answer.ts'
import { templateOf } from '../../agent/prompts/templates.ts'
import type { MemberScope } from '../scope.ts'
import type { HostModelPorts } from './host-models.ts'
import { pictureIn, recordingIn } from './media-params.ts'
import { objectQuestion } from './object-params.ts'
import { generateParams, membersOf, textIn } from './text-params.ts'

export interface PurposeQuestion {
  readonly ports: HostModelPorts
  /** Whose permissions count. */
  readonly scope: MemberScope | undefined
  readonly purpose: ModelPurpose
  readonly params: unknown
  readonly calls: ModelCalls
}

/** One call in ElizaOS's shapes. @throws {ModelError} @throws {PluginError} a host is not permitted. */
export function answerPurpose(question: PurposeQuestion): Promise<unknown> {
  switch (question.purpose) {
    case 'TEXT_EMBEDDING':
      return embed(question)
    case 'IMAGE':
      return draw(question)
    case 'TRANSCRIPTION':
      return transcribe(question)
    case 'TEXT_TO_SPEECH':
      return speak(question)
    case 'IMAGE_DESCRIPTION':
      return describe(question)
    case 'OBJECT_SMALL':
    case 'OBJECT_LARGE':
      return object(question, question.purpose)
    default:
      return question.calls.generate(question.purpose, textParams(question, question.purpose))
  }
}

/**
 * ElizaOS's vendor plugins put the character's `system` before each text; so do we, but for handlers of
 * plugins, which do it themselves.
 */
function textParams({ ports, params }: PurposeQuestion, purpose: TextPurpose) {
  const { character, models } = ports.agent()
  const isPlugins = models.some((each) => each.purpose === purpose && each.priority >= 0)
  return generateParams(params, isPlugins ? undefined : textIn(character.system))
}

/** `{ texts }` is a batch: one vector each. */
async function embed({ params, calls }: PurposeQuestion): Promise<unknown> {
  const { text, input, texts } = membersOf(params)
  if (Array.isArray(texts)) {
    const vectors = await calls.models.embed(texts.map((each) => textIn(each) ?? ''))
    return vectors.map((vector) => [...vector])
  }
  const [vector] = await calls.models.embed([textIn(params) ?? textIn(text) ?? textIn(input) ?? ''])
  return [...(vector ?? [])]
}

async function draw({ params, calls }: PurposeQuestion): Promise<unknown> {
  const { prompt, size, count, n } = membersOf(params)
  const pictures = Number(count ?? n)
  const images = await calls.models.draw({
    prompt: textIn(params) ?? textIn(prompt) ?? '',
    ...(textIn(size) && { size: textIn(size) }),
    ...(Number.isSafeInteger(pictures) && pictures > 0 && { count: pictures }),
  })
  return images.map(({ url }) => ({ url }))
}

async function transcribe(question: PurposeQuestion): Promise<string> {
  const { params, calls } = question
  return calls.models.transcribe(await had('recording', recordingIn(params, rulesOf(question))))
}

async function speak({ params, calls }: PurposeQuestion): Promise<Buffer> {
  const { text, voice, speed } = membersOf(params)
  const { audio } = await calls.models.speak({
    text: textIn(params) ?? textIn(text) ?? '',
    ...(textIn(voice) && { voice: textIn(voice) }),
    ...(typeof speed === 'number' && speed > 0 && { speed }),
  })
  return Buffer.from(audio)
}

async function describe(question: PurposeQuestion): Promise<unknown> {
  const { params, calls, ports } = question
  const images = await had('picture', pictureIn(params, rulesOf(question)))
  const { character } = ports.agent()
  const state = { values: { agentName: character.name }, data: {}, text: '' }
  const template = templateOf(character, 'imageDescriptionTemplate')
  const prompt = textIn(membersOf(params).prompt) ?? composePrompt(template, state)
  const { system: _, ...asked } = generateParams(params, undefined)
  const answer = await calls.generate('IMAGE_DESCRIPTION', { ...asked, prompt, images })
  const { title = '', description = '' } = parseImageAnswer(answer) ?? {}
  return { title, description }
}

async function object(
  { params, calls }: PurposeQuestion,
  purpose: 'OBJECT_SMALL' | 'OBJECT_LARGE',
): Promise<unknown> {
  const question = objectQuestion(params)
  return question.read(await calls.models.object(purpose, question.params))
}

const rulesOf = ({ ports, scope }: PurposeQuestion) => ({
  media: ports.media,
  mayFetch: (url: URL) => ports.guard.host(url, scope),
})

async function had<T>(what: string, fetched: Promise<T>): Promise<T> {
  try {
    return await fetched
  } catch (cause) {
    if (!(cause instanceof MediaError)) throw cause
    throw new ModelError(
      `The ${what} that a model was asked about cannot be had: ${cause.message}.`,
      {
        ...{ code: 'model_rejected', retryable: false, isUnsent: true },
        cause,
      },
    )
  }
}
