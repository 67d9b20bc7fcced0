/** Where a chat is seen and typed: a terminal, or a pipe. Every text is made printable by the view. */
export interface ChatView {
  /** A word of ours about what goes on. While an answer grows it goes above it. */
  note(text: string): void
  /** Something that was said before. */
  said(name: string, text: string): void
  /** Begins an answer that grows until `finish`. */
  answer(name: string): AnswerView
  /** What was typed next, several lines when they were pasted; undefined when no more will come. */
  read(): Promise<string | undefined>
  onEscape(listener: () => void): void
  /** Ctrl-C on a terminal. A pipe has no keys: its process gets the signal. */
  onInterrupt(listener: () => void): void
  /** Gives the terminal back, with a last word. Harmless when repeated. */
  close(lastWord?: string): void
}

export interface AnswerView {
  /** The whole text so far; if it does not continue what is shown, it takes its place. */
  show(text: string): void
  finish(): void
}
