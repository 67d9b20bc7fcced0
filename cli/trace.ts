import type { z } from 'zod'
import type { turnTrace } from '../schema/api-answers.ts'
import type { Paint } from './paint.ts'
import { printable, printableLine } from './printable.ts'
import { promptNotes } from './prompt-notes.ts'

type Trace = z.output<typeof turnTrace>
type Step = Trace['steps'][number]
type ModelCall = Trace['modelCalls'][number]

/** Cells of the time line. */
const LINE_CELLS = 32

/** What a turn did, for a person. Foreign text in it is printable. */
export function renderTrace(trace: Trace, paint: Paint, { withPrompts = false } = {}): string {
  const lines = [
    ...head(trace, paint),
    ...titled(paint, 'Steps', steps(trace)),
    ...titled(paint, 'Prompts', promptNotes(trace.prompts)),
    ...titled(paint, 'Model calls', trace.modelCalls.map(modelCall)),
    ...(trace.modelCalls.length > 0 ? [`  in all ${dollars(trace.cost)}`] : []),
    ...(withPrompts ? trace.prompts.flatMap((each) => prompt(each, paint)) : []),
  ]
  return lines.join('\n')
}

function head(trace: Trace, paint: Paint): string[] {
  const { state, code, error, settledAt, acceptedAt, gen } = trace
  const took = settledAt === null ? '' : ` after ${ms(settledAt - acceptedAt)}`
  const reason = [code, error].filter((part) => part !== null).join(': ')
  const mark = state === 'failed' || state === 'timed_out' ? paint.bad : paint.good
  const reply = trace.reply?.text
  return [
    `${paint.name('Turn')} ${trace.turnId}  ${mark(state)}${took}${gen > 1 ? `, generation ${gen}` : ''}`,
    ...(reason ? [`  reason    ${printableLine(reason)}`] : []),
    `  accepted  ${new Date(acceptedAt).toISOString()}, place ${trace.seq} in room ${trace.roomId}`,
    `  agent     ${trace.agentId}`,
    ...(trace.forkOf ? [`  fork of   ${trace.forkOf}`] : []),
    `  message   ${trace.messageId} in channel ${trace.channelId}`,
    ...(trace.temporalUrl ? [`  Temporal  ${printableLine(trace.temporalUrl)}`] : []),
    ...(typeof reply === 'string' ? [`  reply     ${printableLine(reply)}`] : []),
  ]
}

/** One row per step, as a bar on a common time line that begins when the message was accepted. */
function steps({ steps: all, acceptedAt, settledAt }: Trace): string[] {
  const ends = all.map((step) => step.finishedAt ?? step.startedAt)
  const span = Math.max(
    1,
    (settledAt ?? acceptedAt) - acceptedAt,
    ...ends.map((end) => end - acceptedAt),
  )
  const width = Math.max(0, ...all.map(({ step }) => step.length))
  return all.flatMap((step) => {
    const row = [
      printableLine(step.step).padEnd(width),
      bar(step, acceptedAt, span),
      `+${ms(step.startedAt - acceptedAt)}`.padStart(9),
      (step.finishedAt === null ? 'pending' : ms(step.finishedAt - step.startedAt)).padStart(9),
      step.attempt > 1 || step.gen > 1
        ? `attempt ${step.attempt}${step.gen > 1 ? ` of generation ${step.gen}` : ''}`
        : '',
    ]
    const line = `  ${row.join('  ').trimEnd()}`
    return step.error ? [line, `  ${' '.repeat(width)}  ${printableLine(step.error)}`] : [line]
  })
}

function bar({ startedAt, finishedAt }: Step, acceptedAt: number, span: number): string {
  const cell = (time: number) => Math.floor(((time - acceptedAt) / span) * LINE_CELLS)
  const from = Math.min(LINE_CELLS - 1, Math.max(0, cell(startedAt)))
  const to = finishedAt === null ? LINE_CELLS : Math.min(LINE_CELLS, cell(finishedAt))
  const length = Math.max(1, to - from)
  const rest = LINE_CELLS - from - length
  return `${'·'.repeat(from)}${(finishedAt === null ? '░' : '█').repeat(length)}${'·'.repeat(rest)}`
}

function modelCall(call: ModelCall): string {
  const { inputTokens, outputTokens, cachedTokens, firstTokenMs, latencyMs, finishReason } = call
  const cached = cachedTokens ? ` (${cachedTokens} cached)` : ''
  const parts = [
    `${call.step} ${call.call}${call.try > 1 ? `.${call.try}` : ''}`,
    `${call.vendor}/${call.model} for ${call.purpose}`,
    call.attempt > 1 ? `${call.state}, attempt ${call.attempt}` : call.state,
    `${inputTokens ?? '?'} tokens in${cached}, ${outputTokens ?? '?'} out`,
    firstTokenMs === null ? '' : `first after ${ms(firstTokenMs)}`,
    latencyMs === null ? '' : `all after ${ms(latencyMs)}`,
    finishReason && finishReason !== 'stop' ? `ended by ${finishReason}` : '',
    dollars(call.cost),
    call.error ?? '',
  ]
  return `  ${printableLine(parts.filter((part) => part !== '').join('  '))}`
}

function prompt({ step, gen, prompt: text }: Trace['prompts'][number], paint: Paint): string[] {
  const title = `Prompt of ${step}${gen > 1 ? `, generation ${gen}` : ''}`
  return titled(paint, title, [printable(text)])
}

const titled = (paint: Paint, title: string, lines: readonly string[]) =>
  lines.length > 0 ? ['', paint.name(title), ...lines] : []

const ms = (value: number) =>
  value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`

const dollars = (cost: number | null) => (cost === null ? 'cost unknown' : `$${cost.toFixed(6)}`)
