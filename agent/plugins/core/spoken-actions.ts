import type { Action, ActionExample } from '../../action.ts'
import { SPOKEN_ACTIONS, type SpokenAction } from '../../spoken-actions.ts'

const say = (name: string, text: string, ...actions: string[]): ActionExample => ({
  name,
  content: actions.length > 0 ? { text, actions } : { text },
})

export const replyAction = spoken(
  'REPLY',
  'Says your text in the conversation. What you do unless there is a reason not to.',
  [
    [
      say('{{name1}}', 'Do you know when the library opens?'),
      say(
        '{{agentName}}',
        'I do not know its hours. Its website or a phone call will tell.',
        'REPLY',
      ),
    ],
  ],
)

export const ignoreAction = spoken(
  'IGNORE',
  'Says and does nothing. For messages that are meant for others, that want no answer, or that ask you to be quiet. Leave the text empty.',
  [
    [
      say('{{name1}}', '{{name2}}, shall we meet at eight?'),
      say('{{name2}}', 'Yes, see you there!'),
      say('{{agentName}}', '', 'IGNORE'),
    ],
  ],
)

export const noneAction = spoken('NONE', 'Nothing besides your text. The same as REPLY alone.', [
  [say('{{name1}}', 'Thanks, that was it.'), say('{{agentName}}', 'You are welcome!', 'NONE')],
])

/** Its handler has nothing to do: `settle` says the text, in one transaction with the turn's end. */
function spoken(name: SpokenAction, description: string, examples: Action['examples']): Action {
  return {
    name,
    similes: SPOKEN_ACTIONS[name],
    description,
    examples,
    effect: 'none',
    handler: async () => ({ success: true }),
  }
}
