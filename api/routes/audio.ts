import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { agentParams } from '../../schema/api.ts'
import * as answers from '../../schema/api-answers.ts'
import { audioMessage, recordingBody, speechBody, transcription } from '../../schema/audio-api.ts'
import type { Recording, Speech } from '../audio-port.ts'
import type { ApiDeps } from '../deps.ts'
import { asModelRefusal } from '../model-refusal.ts'
import { readRecording } from '../recording.ts'
import { answer, body, failures } from '../route-parts.ts'

const tags = ['Audio']

const MODEL_FAILURES = {
  429: answer(answers.failure, 'A budget is used up, or the vendor wants fewer requests.'),
  501: answer(answers.failure, 'No vendor is configured for it; the message says what to set.'),
  502: answer(answers.failure, 'The vendor refused or failed.'),
}

const recording = {
  params: agentParams,
  body: { required: true, content: { 'multipart/form-data': { schema: recordingBody } } },
}

const sound = {
  description: 'The sound, of the type that its header names.',
  content: { 'audio/*': { schema: { type: 'string' as const, format: 'binary' } } },
}

const transcribe = createRoute({
  method: 'post',
  path: '/{agentId}/transcriptions',
  tags,
  summary: 'Write down what is said in a recording',
  request: recording,
  responses: {
    200: answer(answers.envelope(transcription), 'What is said.'),
    ...failures(400, 404, 409, 413, 503),
    ...MODEL_FAILURES,
  },
})

const audioMessages = createRoute({
  method: 'post',
  path: '/{agentId}/audio-messages',
  tags,
  summary: 'Write down what is said in a recording, in the words of older clients',
  description:
    'Nothing is answered: send the text as a message, or the recording as an attachment.',
  request: recording,
  responses: {
    200: answer(answers.envelope(audioMessage), 'What is said.'),
    ...failures(400, 404, 409, 413, 503),
    ...MODEL_FAILURES,
  },
})

const speech = (path: string, summary: string) =>
  createRoute({
    method: 'post',
    path,
    tags,
    summary,
    request: { params: agentParams, body: body(speechBody) },
    responses: { 200: sound, ...failures(400, 404, 409, 413, 503), ...MODEL_FAILURES },
  })

const generateSpeech = speech('/{agentId}/speech/generate', 'Say a text')
const synthesize = speech('/{agentId}/audio-messages/synthesize', 'Say a text, by its older name')

export function createAudioRoutes({ audio }: ApiDeps) {
  const heard = (agentId: string, given: Recording, signal: AbortSignal) =>
    asModelRefusal(audio.transcribe(agentId, given, signal))
  return new OpenAPIHono()
    .openapi(transcribe, async (c) => {
      const given = await readRecording(c)
      const text = await heard(c.req.valid('param').agentId, given, c.req.raw.signal)
      return c.json({ success: true as const, data: { text } }, 200)
    })
    .openapi(audioMessages, async (c) => {
      const given = await readRecording(c)
      const text = await heard(c.req.valid('param').agentId, given, c.req.raw.signal)
      const data = { transcription: text, message: 'The recording was written down.' }
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(generateSpeech, async (c) => {
      const { agentId } = c.req.valid('param')
      const said = audio.speak(agentId, c.req.valid('json'), c.req.raw.signal)
      return asSound(await asModelRefusal(said))
    })
    .openapi(synthesize, async (c) => {
      const { agentId } = c.req.valid('param')
      const said = audio.speak(agentId, c.req.valid('json'), c.req.raw.signal)
      return asSound(await asModelRefusal(said))
    })
}

const asSound = ({ audio, mimeType }: Speech): Response =>
  new Response(new Uint8Array(audio), {
    status: 200,
    headers: { 'content-type': mimeType, 'content-length': String(audio.length) },
  })
