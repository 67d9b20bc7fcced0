import type { ElizaCallback, ElizaContent, ElizaMemory, ElizaState } from '../contract.ts'

/** ElizaOS's IMessageService (elizaos.md 5.2). Plugins pass the runtime first; ours looks at its own. */
export interface MessageService {
  handleMessage(
    runtime: unknown,
    message: ElizaMemory,
    callback?: ElizaCallback | null,
    options?: MessageOptions,
  ): Promise<MessageResult>
  /** By the rules that need no model. */
  shouldRespond(
    runtime: unknown,
    message: ElizaMemory,
    room?: { readonly type?: string; readonly source?: string } | null,
    mention?: { readonly isMention?: boolean; readonly isReply?: boolean } | null,
  ): { shouldRespond: boolean; skipEvaluation: boolean; reason: string }
  processAttachments(runtime: unknown, attachments: unknown[]): Promise<unknown[]>
  deleteMessage(runtime: unknown, message: { readonly id?: string }): Promise<void>
  clearChannel(runtime: unknown, roomId: string, channelId: string): Promise<void>
}

export interface MessageOptions {
  readonly onStreamChunk?: (chunk: string, messageId?: string) => unknown
  readonly abortSignal?: AbortSignal
  readonly [option: string]: unknown
}

export interface MessageResult {
  didRespond: boolean
  responseContent: ElizaContent | null
  responseMessages: ElizaMemory[]
  state: ElizaState
  mode: 'simple' | 'actions' | 'none'
  /** Ours. */
  turnId: string
}

export interface HandleOptions extends MessageOptions {
  /** With one of these three the message is accepted, and what comes of it is told to them. */
  readonly onResponse?: (content: ElizaContent) => unknown
  readonly onError?: (error: Error) => unknown
  readonly onComplete?: () => unknown
}

/** ElizaOS's IElizaOS: what `runtime.elizaOS` is to connectors. */
export interface ElizaOSHandle {
  handleMessage(
    agentId: string,
    message: Omit<ElizaMemory, 'id'> & { id?: string },
    options?: HandleOptions,
  ): Promise<{ messageId: string; userMessage: ElizaMemory; processing?: MessageResult }>
  /** Its runtime. */
  getAgent(agentId: string): unknown
}
