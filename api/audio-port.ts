export interface Recording {
  readonly audio: Uint8Array
  /** One of `AUDIO_TYPES`. */
  readonly mimeType: string
}

export interface SpeechWish {
  readonly text: string
  readonly voice?: string
  readonly speed?: number
}

export interface Speech {
  readonly audio: Uint8Array
  readonly mimeType: string
}

/** Sound outside of any turn: it goes through the same models, limits, budgets and ledger. */
export interface AudioPort {
  /** @throws {NotFoundError} no such agent. @throws {ModelError} */
  transcribe(agentId: string, recording: Recording, signal: AbortSignal): Promise<string>
  /** @throws {NotFoundError} no such agent. @throws {ModelError} */
  speak(agentId: string, wish: SpeechWish, signal: AbortSignal): Promise<Speech>
}
