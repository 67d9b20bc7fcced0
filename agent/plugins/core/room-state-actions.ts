import type { Action, ActionContext, ActionResult } from '../../action.ts'
import type { TurnContext } from '../../context.ts'
import type { ParticipantState } from '../../records.ts'
import { isShared } from './room-kind.ts'
import { done } from './told.ts'

// Only rooms of several people can be followed or muted: in a direct conversation everything is meant for the
// agent. What was muted by other means can be unmuted anywhere.

export const followRoomAction = change({
  name: 'FOLLOW_ROOM',
  similes: ['FOLLOW_CHAT', 'FOLLOW_CHANNEL', 'FOLLOW_CONVERSATION', 'FOLLOW_THREAD'],
  description: 'Follows this room closely, when somebody asks you to. Not for a mere mention.',
  possible: (state, context) => state === null && isShared(context.room),
  to: 'FOLLOWED',
  said: 'I follow this room from now on.',
})

export const unfollowRoomAction = change({
  name: 'UNFOLLOW_ROOM',
  similes: ['UNFOLLOW_CHAT', 'UNFOLLOW_CHANNEL', 'UNFOLLOW_CONVERSATION', 'UNFOLLOW_THREAD'],
  description: 'Stops to follow this room closely, when somebody asks you to.',
  possible: (state) => state === 'FOLLOWED',
  to: null,
  said: 'I do not follow this room closely any more.',
})

export const muteRoomAction = change({
  name: 'MUTE_ROOM',
  similes: ['MUTE_CHAT', 'MUTE_CHANNEL', 'MUTE_CONVERSATION', 'MUTE_THREAD'],
  description:
    'Says nothing more in this room unless your name is called. Only when somebody plainly asks you to be quiet for good.',
  possible: (state, context) => state !== 'MUTED' && isShared(context.room),
  to: 'MUTED',
  said: 'I am quiet here from now on, unless somebody calls my name.',
})

export const unmuteRoomAction = change({
  name: 'UNMUTE_ROOM',
  similes: ['UNMUTE_CHAT', 'UNMUTE_CHANNEL', 'UNMUTE_CONVERSATION', 'UNMUTE_THREAD'],
  description: 'Takes part in this room again, when somebody asks you to.',
  possible: (state) => state === 'MUTED',
  to: null,
  said: 'I take part in this room again.',
})

interface Change extends Pick<Action, 'name' | 'similes' | 'description'> {
  readonly possible: (state: ParticipantState, context: TurnContext) => boolean
  readonly to: ParticipantState
  readonly said: string
}

/** The agent's own state in the room; what it means for later messages is `respondRule`'s. */
function change({ possible, to, said, ...action }: Change): Action {
  return {
    ...action,
    effect: 'none',
    validate: async (context) => possible(await stateIn(context), context),
    async handler(context: ActionContext): Promise<ActionResult> {
      const { agent, room } = context
      context.write({ kind: 'participant.state', roomId: room.id, entityId: agent.id, state: to })
      const data = { roomId: room.id, state: to }
      return done(context, { action: action.name, text: said, data })
    },
  }
}

/** As the turn was loaded: no statement for what the turn knows. */
async function stateIn({ participation, records, room, agent }: TurnContext) {
  if (participation !== undefined) return participation
  return records.participantState(room.id, agent.id)
}
