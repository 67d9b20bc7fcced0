import { EXPECTED_MEMBERS } from './expected-members.ts'
import { EXPECTED_FAILURES, TEST_COUNTS } from './expected-tests.ts'

/** The tables of docs/compatibility.md, made of the lists that the suite compares with. */
export const resultTables = (): readonly string[] => [membersTable(), testsTable(), failuresTable()]

function membersTable(): string {
  const rows = Object.entries(EXPECTED_MEMBERS).map(
    ([member, { upstream, here, why = '' }]) => `| ${member} | ${upstream} | ${here} | ${why} |`,
  )
  return table('| member | on ElizaOS | here | why |', rows)
}

function testsTable(): string {
  const rows = Object.entries(TEST_COUNTS).map(([name, count]) => {
    const passing = count - Object.keys(EXPECTED_FAILURES[name] ?? {}).length
    return `| \`${name}\` | ${count} | ${passing} | ${passing} |`
  })
  return table('| package | tests | pass on ElizaOS | pass here |', rows)
}

function failuresTable(): string {
  const rows = Object.entries(EXPECTED_FAILURES).flatMap(([name, tests]) =>
    Object.entries(tests).map(([test, why]) => `| \`${name}\` | ${test} | ${why} |`),
  )
  return table('| package | test | why it fails on both |', rows)
}

function table(head: string, rows: readonly string[]): string {
  const line = head.replaceAll(/[^|]+/g, ' --- ')
  return [head, line, ...rows].join('\n')
}
