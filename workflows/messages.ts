import { defineSignal } from '@temporalio/workflow'

/** A message was sent to steer the turn: it may take it up before it ends. */
export const steerSignal = defineSignal('steer')
