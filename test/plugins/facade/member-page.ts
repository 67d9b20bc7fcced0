import { MEMBER_TABLE, type MemberGroup } from '../../../plugins/facade/member-table.ts'

const INTRODUCTION = `# Members of the runtime that plugins get

Each member of ElizaOS's \`IAgentRuntime\` and database adapter (core 1.7), and whether it is here. This page is generated: \`node test/plugins/facade/member-page.ts > docs/plugin-members.md\`.

- **supported**: it does what ElizaOS's does.
- **differs**: it does its work, and the sentence says what is not as in ElizaOS.
- **refused**: it throws a \`PluginError\` that says why and what to use instead.

Within a turn, what a plugin writes commits with the step in which it runs, or not at all, and it reads back what it wrote. What a plugin still does after its member returned is late: what it makes is stored at once, with a warning that names plugin, member and turn; changes of memories are refused by name; after the turn was cut off everything is.
`

/** docs/plugin-members.md, as it has to be. */
export function memberPage(): string {
  const rows = MEMBER_TABLE.flatMap((group) => group.rows)
  const count = (state: string) => rows.filter((row) => row[1] === state).length
  const sum = `${rows.length} members: ${count('supported')} supported, ${count('differs')} that differ, ${count('refused')} refused.\n`
  return [INTRODUCTION, sum, ...MEMBER_TABLE.map(section)].join('\n')
}

const section = ({ group, rows }: MemberGroup): string =>
  [
    `## ${group}\n`,
    '| member | state | |',
    '| --- | --- | --- |',
    ...rows.map(
      ([name, state, why]) => `| \`${name}\` | ${state} | ${why.replaceAll('|', '\\|')} |`,
    ),
    '',
  ].join('\n')

if (import.meta.main) process.stdout.write(memberPage())
