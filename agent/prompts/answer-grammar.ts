import type { Grammar } from './xml.ts'

/** Elements of an answer to `messageHandlerTemplate` and `replyTemplate`. */
export const ANSWER_GRAMMAR: Grammar = {
  '': ['response'],
  response: ['thought', 'actions', 'action', 'providers', 'text', 'simple', 'params', 'parameters'],
  actions: ['action'],
  providers: ['provider'],
}

/** What stands directly in a `<response>`. */
export const ANSWER_FIELDS: ReadonlySet<string> = new Set(ANSWER_GRAMMAR.response)
