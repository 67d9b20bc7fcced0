/** What ELIZA can make of a prompt. */
export type ElizaTask =
  | { readonly kind: 'reply'; readonly conversation: ElizaConversation }
  | { readonly kind: 'should-respond' }
  | { readonly kind: 'extract' }

export interface ElizaConversation {
  readonly agentName: string
  /** The message to answer, verbatim. */
  readonly message: string
  /** What the agent said before, oldest first. */
  readonly said: readonly string[]
  /** What everybody else said before, oldest first. */
  readonly heard: readonly string[]
}

const OPEN = '<message_to_answer>'
const CLOSE = '</message_to_answer>'

/** Finds the task in a prompt. What people wrote is left aside for it: it may contain any marker. */
export function readPrompt(prompt: string): ElizaTask {
  const template = withoutPeople(prompt)
  if (template.includes('<response_format>should_respond</response_format>')) {
    return { kind: 'should-respond' }
  }
  const message = messageToAnswer(prompt)
  // Only prompts that ask for facts show the form for them.
  if (message === undefined || template.includes('<facts>')) return { kind: 'extract' }
  const agentName = agentNameIn(template) ?? agentNameIn(prompt) ?? 'ELIZA'
  return {
    kind: 'reply',
    conversation: { agentName, message, ...earlier(prompt, agentName) },
  }
}

const agentNameIn = (text: string): string | undefined =>
  /<agent_name>([^<\n]*)<\/agent_name>/.exec(text)?.[1]?.trim() || undefined

/** The prompt without everything from the conversation's start to the end of the last block of people's words. */
function withoutPeople(prompt: string): string {
  const starts = ['<conversation>', OPEN].map((tag) => prompt.indexOf(tag)).filter((at) => at >= 0)
  const ends = ['</conversation>', CLOSE].map((tag) => {
    const at = prompt.lastIndexOf(tag)
    return at < 0 ? -1 : at + tag.length
  })
  const [from, to] = [Math.min(...starts), Math.max(...ends)]
  return starts.length > 0 && to > from ? prompt.slice(0, from) + prompt.slice(to) : prompt
}

/** The raw text between the last opening tag at the start of a line and the last closing tag. */
function messageToAnswer(prompt: string): string | undefined {
  const from = `\n${prompt}`.lastIndexOf(`\n${OPEN}`)
  const to = prompt.lastIndexOf(CLOSE)
  if (from < 0 || to < from + OPEN.length) return undefined
  return prompt.slice(from + OPEN.length, to).trim()
}

/** Who said what, by lines `Name: text`. The indented further lines of a long message are left out. */
function earlier(prompt: string, agentName: string): Pick<ElizaConversation, 'said' | 'heard'> {
  const said: string[] = []
  const heard: string[] = []
  for (const line of conversationLines(prompt)) {
    if (line.startsWith(`${agentName}:`)) said.push(line.slice(agentName.length + 1).trim())
    else heard.push(/^[^\s:][^:]{0,79}:(.*)$/.exec(line)?.[1]?.trim() ?? '')
  }
  return { said, heard: heard.filter((text) => text !== '') }
}

function conversationLines(prompt: string): readonly string[] {
  const from = prompt.indexOf('<conversation>')
  const to = prompt.lastIndexOf('</conversation>')
  return from < 0 || to < from ? [] : prompt.slice(from + '<conversation>'.length, to).split('\n')
}
