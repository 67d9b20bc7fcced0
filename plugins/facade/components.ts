import type { Component } from '../../agent/records.ts'
import { componentFault } from '../load/component-data.ts'
import { PluginError } from '../plugin-error.ts'
import type { Access } from './access.ts'
import { given, toObject } from './json.ts'
import type { ComponentMembers } from './record-members.ts'
import type { ElizaComponent } from './shapes.ts'

export function componentMembers(access: Access): ComponentMembers {
  const list = async (
    entityId: string,
    asked: { type?: string; worldId?: string; sourceEntityId?: string },
  ): Promise<ElizaComponent[]> =>
    (await access.records().components({ entityId, ...given(asked) })).map(toElizaComponent)
  const put = async (component: ElizaComponent) => {
    const write = componentPut(access, component)
    await refuseMisfit(access, write.component)
    await access.write(write)
  }
  return {
    getComponent: async (entityId, type, worldId, sourceEntityId) =>
      (await list(entityId, { type, worldId, sourceEntityId }))[0] ?? null,
    getComponents: (entityId, worldId, sourceEntityId) =>
      list(entityId, { worldId, sourceEntityId }),
    async createComponent(component) {
      await put(component)
      return true
    },
    updateComponent: put,
    deleteComponent: (id) => access.write({ kind: 'component.delete', id }),
  }
}

function componentPut(access: Access, component: ElizaComponent) {
  const { id = access.nextId('component'), entityId, type } = component
  const { roomId, worldId, sourceEntityId } = component
  const data = toObject(component.data, 'the data of a component') ?? {}
  const rest = given({ roomId, worldId, sourceEntityId })
  return { kind: 'component.put', component: { id, entityId, type, data, ...rest } } as const
}

/** Types of all plugins of the agent: whoever writes a component must keep to the one that declared it. */
async function refuseMisfit(
  { runtime }: Access,
  component: { readonly type: string; readonly data: unknown },
): Promise<void> {
  for (const { name, componentTypes = [] } of runtime.plugins) {
    const fault = await componentFault(componentTypes, component)
    if (fault === undefined) continue
    throw new PluginError(
      name,
      `${fault} The plugin '${name}' declares the type. Nothing was stored.`,
    )
  }
}

export const toElizaComponent = (component: Component): ElizaComponent => ({
  ...component,
  data: { ...component.data },
})
