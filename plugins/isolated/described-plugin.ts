import type { ElizaAction, ElizaEvaluator, ElizaPlugin, ElizaProvider } from '../contract.ts'
import type { CallInput } from './child-link.ts'
import type { Described, DescribedMember, MemberCall } from './wire.ts'

export type CallChild = (
  member: MemberCall,
  of: readonly unknown[],
  input: CallInput,
) => Promise<unknown>

/** In place of the one argument that is a function. */
const CALLBACK = '@callback'

/** The plugin whose members are in another process. */
export function elizaPlugin(described: Described, call: CallChild): ElizaPlugin {
  const { name, description, priority, dependencies, permissions, config, events } = described
  return {
    name,
    ...{ permissions, ...(config && { config }) },
    ...(description !== undefined && { description }),
    ...(priority !== undefined && { priority }),
    ...(dependencies && { dependencies }),
    ...(described.hasInit && {
      init: (settings, runtime) =>
        call({ list: 'init', name: '', part: 'init' }, [settings], { runtime }),
    }),
    actions: described.actions.map((member) => asAction(member, call)),
    providers: described.providers.map((member) => asProvider(member, call)),
    evaluators: described.evaluators.map((member) => asEvaluator(member, call)),
    events: Object.fromEntries(
      events.map((event) => [
        event,
        [
          ({ runtime, ...payload }: Record<string, unknown>) =>
            call({ list: 'events', name: event, part: 'handler' }, [payload], { runtime }),
        ],
      ]),
    ),
  }
}

type List = 'actions' | 'evaluators'

function handled(list: List, { name, hasValidate }: DescribedMember, call: CallChild) {
  const validate: ElizaAction['validate'] = (runtime, message, state) =>
    call({ list, name, part: 'validate' }, [message, state], { runtime })
  const handler: ElizaAction['handler'] = (runtime, message, state, options, callback, responses) =>
    call(
      { list, name, part: 'handler' },
      [message, state, options, callback && CALLBACK, responses],
      { runtime, callback },
    )
  return { ...(hasValidate && { validate }), handler }
}

const asAction = (member: DescribedMember, call: CallChild): ElizaAction => ({
  ...member.rest,
  name: member.name,
  ...handled('actions', member, call),
})

const asEvaluator = (member: DescribedMember, call: CallChild): ElizaEvaluator => ({
  ...member.rest,
  name: member.name,
  ...handled('evaluators', member, call),
})

const asProvider = ({ name, rest }: DescribedMember, call: CallChild): ElizaProvider => ({
  ...rest,
  name,
  get: (runtime, message, state) =>
    call({ list: 'providers', name, part: 'get' }, [message, state], { runtime }),
})
