import type { Provider } from '../../provider.ts'

const SPOKEN = new Intl.DateTimeFormat('en', {
  dateStyle: 'full',
  timeStyle: 'short',
  timeZone: 'UTC',
})

/** The time of the step, not of the process. Behind everything else: it is new in each turn. */
export const timeProvider: Provider = {
  name: 'TIME',
  description: 'The date and time in UTC.',
  position: 120,
  builtIn: true,
  async get({ now }) {
    const date = new Date(now)
    const time = `${SPOKEN.format(date)} UTC (${date.toISOString()})`
    return { text: `# Time\nIt is ${time}.`, values: { time }, data: { time: now } }
  },
}
