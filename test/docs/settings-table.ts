import { loadConfig } from '../../schema/load-config.ts'
import { settings } from '../../schema/setting-names.ts'

/**
 * The configuration as README.md shows it, from the same words as `turnkeeper config`.
 * `node test/docs/settings-table.ts` prints it.
 */
export function settingsTable(): string {
  const defaults = new Map(loadConfig({ env: {} }).entries.map(({ name, value }) => [name, value]))
  const rows = settings.map(({ env, flag, description }) => {
    const name = flag === undefined ? `\`${env}\`` : `\`${env}\`, \`--${flag}\``
    return `| ${[name, shown(defaults.get(env) ?? ''), description].map(inCell).join(' | ')} |`
  })
  return ['| setting | default | what it does |', '| --- | --- | --- |', ...rows].join('\n')
}

/** A value that may be typed is code; what stands for none is a sentence in parentheses. */
const shown = (value: string) => (value.startsWith('(') ? value.slice(1, -1) : `\`${value}\``)

const inCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('*', '\\*')

if (import.meta.main) process.stdout.write(`${settingsTable()}\n`)
