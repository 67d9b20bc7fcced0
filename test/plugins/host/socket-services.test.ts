import { expect, it } from '@jest/globals'
import { createSocketServices, type SocketGateway } from '../../../plugins/host/socket-services.ts'

function bench(isHeld: boolean) {
  const told: string[] = []
  let seat: Parameters<SocketGateway['join']>[1] | undefined
  let holds = isHeld
  const gateway: SocketGateway = {
    async join(_agentId, given) {
      seat = given
      if (holds) await given.onHeld()
      return holds
    },
    async leave() {
      if (holds) await seat?.onLost()
    },
    holds: () => holds,
  }
  const change = async (to: boolean) => {
    holds = to
    await (to ? seat?.onHeld() : seat?.onLost())
  }
  const parts = {
    agentId: 'agent',
    start: async (one: string) => void told.push(`start ${one}`),
    stop: async (one: string) => void told.push(`stop ${one}`),
    onFailure: (error: unknown) => void told.push(String(error)),
  }
  return { told, gateway, change, parts }
}

it('start where the sockets are held, and follow them', async () => {
  const { told, gateway, change, parts } = bench(false)
  const services = createSocketServices({ gateway, ...parts })
  await services.add('discord')
  await services.add('telegram')
  await services.join()
  expect(told).toEqual([])
  await change(true)
  await change(false)
  expect(told).toEqual(['start discord', 'start telegram', 'stop telegram', 'stop discord'])
})

it('start at once where they are held, and end with the agent', async () => {
  const { told, gateway, parts } = bench(true)
  const services = createSocketServices({ gateway, ...parts })
  await services.add('discord')
  await services.join()
  await services.add('telegram')
  await services.leave()
  expect(told).toEqual(['start discord', 'start telegram', 'stop telegram', 'stop discord'])
})

it('start in each process where nobody keeps count of sockets', async () => {
  const { told, parts } = bench(true)
  const services = createSocketServices({ gateway: undefined, ...parts })
  await services.add('discord')
  await services.join()
  expect(told).toEqual(['start discord'])
})

it('leave an agent running whose sockets could not be asked for', async () => {
  const { told, gateway, parts } = bench(false)
  const join = () => Promise.reject(new Error('Postgres cannot be reached.'))
  const services = createSocketServices({ gateway: { ...gateway, join }, ...parts })
  await services.add('discord')
  await services.join()
  expect(told).toEqual(['Error: Postgres cannot be reached.'])
})
