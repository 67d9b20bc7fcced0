import { RequiredPluginError } from '../../agent/errors.ts'
import { isPath, shortName } from '../load/plugin-name.ts'
import type { HostedAgent } from '../plugin-host.ts'
import type { Verdict } from './load-plugins.ts'
import { requiredPlugins } from './superseded.ts'

/** A required plugin that did not load, or a service of it that did not start; undefined when all is well. */
export function requiredFailure(
  hosted: HostedAgent,
  verdicts: readonly Verdict[],
): RequiredPluginError | undefined {
  const required = requiredPlugins(hosted)
  const { name } = hosted.character
  const missing = verdicts.find(
    (one) => isUnfit(one) && namesOf(one).some((each) => required.includes(each)),
  )
  if (missing) {
    const { asked, reason } = missing
    return new RequiredPluginError(`The agent '${name}' requires the plugin '${asked}': ${reason}`)
  }
  const unnamed = required.find(
    (one) => !verdicts.some((verdict) => namesOf(verdict).includes(one)),
  )
  if (unnamed === undefined) return undefined
  return new RequiredPluginError(
    `The agent '${name}' requires the plugin '${unnamed}', ${whyUnnamed(verdicts)}`,
  )
}

const isUnfit = ({ state, reason }: Verdict): boolean =>
  state === 'failed' || (state === 'loaded' && reason !== null)

/** One that was never read has no name but the one that it is asked for by, the last part of a path. */
function namesOf({ asked, name }: Verdict): readonly string[] {
  if (name !== null) return [shortName(asked), shortName(name)]
  const last = isPath(asked) ? asked.split(/[\\/]/).findLast((part) => part !== '') : undefined
  return [shortName(asked), shortName((last ?? '').replace(/\.[cm]?[jt]s$/, ''))]
}

/** A path that could not be read may be anybody. */
function whyUnnamed(verdicts: readonly Verdict[]): string {
  const unread = verdicts.find(
    ({ asked, name, state }) => state === 'failed' && name === null && isPath(asked),
  )
  if (unread) {
    return `and none of its plugins has that name. It may be '${unread.asked}': ${unread.reason}`
  }
  return (
    "which it does not name. Add it to the character's `plugins`, or take it out of " +
    'settings.requiredPlugins.'
  )
}
