import { currentScope } from '../scope.ts'

/** Whether a handler of the event is at work here: what it does about it is not told again. */
export const isTold = (event: string): boolean =>
  currentScope()?.member.startsWith(`event ${event} #`) === true
