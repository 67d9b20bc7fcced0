import type {
  ElizaAction,
  ElizaEvaluator,
  ElizaPlugin,
  ElizaProvider,
  ElizaRoute,
  ElizaTaskWorker,
} from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { RegistrationMembers } from '../runtime.ts'
import type { Access } from './access.ts'

/** Lists that plugins read and add to. The host looks at them again when it is told. */
export function registrationMembers({ host, runtime }: Access): RegistrationMembers {
  const add = (list: 'actions' | 'providers' | 'evaluators', member: { readonly name: string }) => {
    if (!member?.name) {
      const message = `A plugin registers a member of '${list}' without a name. Give it one.`
      throw new PluginError('runtime', message)
    }
    if (runtime[list].some(({ name }) => name === member.name)) {
      host.log.warn({ member: member.name, list }, 'It is registered already: the first one stays.')
      return
    }
    const members: { readonly name: string }[] = runtime[list]
    members.push(member)
    host.changed()
  }
  const actions: ElizaAction[] = []
  const providers: ElizaProvider[] = []
  const evaluators: ElizaEvaluator[] = []
  const plugins: ElizaPlugin[] = []
  const routes: ElizaRoute[] = []
  return {
    ...{ actions, providers, evaluators, plugins, routes },
    registerAction: (action) => add('actions', action),
    registerProvider: (provider) => add('providers', provider),
    registerEvaluator: (evaluator) => add('evaluators', evaluator),
    taskWorkers: new Map<string, ElizaTaskWorker>(),
    registerTaskWorker(worker) {
      const isReplaced = runtime.taskWorkers.has(worker.name)
      runtime.taskWorkers.set(worker.name, worker)
      if (isReplaced)
        host.log.warn({ task: worker.name }, 'Another worker does this task from now on.')
      host.tasksChanged()
    },
    getTaskWorker: (name) => runtime.taskWorkers.get(name),
  }
}
