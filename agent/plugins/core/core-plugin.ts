import type { Plugin } from '../../plugin.ts'
import { actionStateProvider } from './action-state-provider.ts'
import { actionsProvider } from './actions-provider.ts'
import { anxietyProvider } from './anxiety-provider.ts'
import { attachmentsProvider } from './attachments-provider.ts'
import {
  capabilitiesProvider,
  evaluatorsProvider,
  providersProvider,
} from './catalogue-providers.ts'
import { characterProvider } from './character-provider.ts'
import { choiceProvider } from './choice-provider.ts'
import { chooseOptionAction } from './choose-option-action.ts'
import { entitiesProvider } from './entities-provider.ts'
import { generateImageAction } from './generate-image-action.ts'
import { factsProvider, relationshipsProvider } from './memory-providers.ts'
import { recentMessagesProvider } from './recent-messages-provider.ts'
import { reflectionEvaluator } from './reflection-evaluator.ts'
import {
  followRoomAction,
  muteRoomAction,
  unfollowRoomAction,
  unmuteRoomAction,
} from './room-state-actions.ts'
import { sendMessageAction } from './send-message-action.ts'
import { ignoreAction, noneAction, replyAction } from './spoken-actions.ts'
import { timeProvider } from './time-provider.ts'
import { updateContactAction } from './update-contact-action.ts'
import { updateRoleAction } from './update-role-action.ts'
import { updateSettingsAction } from './update-settings-action.ts'
import { rolesProvider, settingsProvider, worldProvider } from './world-providers.ts'

/** What every agent has, whatever its character says: ElizaOS's bootstrap, as our own (docs/actions.md). */
export const corePlugin: Plugin = {
  name: 'core',
  description: 'Talking, remembering what was said, and knowing the time and the people.',
  actions: [
    ...[replyAction, ignoreAction, noneAction, chooseOptionAction],
    ...[followRoomAction, unfollowRoomAction, muteRoomAction, unmuteRoomAction],
    ...[sendMessageAction, updateContactAction, updateRoleAction, updateSettingsAction],
    generateImageAction,
  ],
  providers: [
    ...[characterProvider, actionsProvider, providersProvider, anxietyProvider],
    ...[entitiesProvider, rolesProvider, settingsProvider, choiceProvider],
    ...[attachmentsProvider, recentMessagesProvider, timeProvider, actionStateProvider],
    ...[factsProvider, relationshipsProvider, worldProvider, capabilitiesProvider],
    evaluatorsProvider,
  ],
  evaluators: [reflectionEvaluator],
}
