import type { Plugin } from '../../plugin.ts'
import { actionsProvider } from './actions-provider.ts'
import { attachmentsProvider } from './attachments-provider.ts'
import { characterProvider } from './character-provider.ts'
import { choiceProvider } from './choice-provider.ts'
import { chooseOptionAction } from './choose-option-action.ts'
import { entitiesProvider } from './entities-provider.ts'
import { recentMessagesProvider } from './recent-messages-provider.ts'
import { reflectionEvaluator } from './reflection-evaluator.ts'
import { ignoreAction, noneAction, replyAction } from './spoken-actions.ts'
import { timeProvider } from './time-provider.ts'

/** What every agent has, whatever its character says. */
export const corePlugin: Plugin = {
  name: 'core',
  description: 'Talking, remembering what was said, and knowing the time and the people.',
  actions: [replyAction, ignoreAction, noneAction, chooseOptionAction],
  providers: [
    characterProvider,
    actionsProvider,
    entitiesProvider,
    choiceProvider,
    attachmentsProvider,
    recentMessagesProvider,
    timeProvider,
  ],
  evaluators: [reflectionEvaluator],
}
