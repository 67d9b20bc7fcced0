import { readFileSync } from 'node:fs'

const MAX_SECRET_BYTES = 64 * 1024
const FILE_SUFFIX = '_FILE'

/**
 * A character's secrets from the environment, as ElizaOS names them: `CHARACTER.<NAME>.<KEY>`, with the
 * name in capitals and `_` for all that is neither letter nor digit. `<KEY>_FILE` names a file that holds
 * the value, such as a Docker secret.
 * @throws the file cannot be read, or is larger than 64 KiB
 */
export function environmentSecrets(
  name: string,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const prefix = `CHARACTER.${name.toUpperCase().replace(/[^\p{L}\p{N}]/gu, '_')}.`
  const own = Object.entries(env).filter(([key]) => key.startsWith(prefix))
  return Object.fromEntries(
    own.map(([key, text]) => {
      const short = key.slice(prefix.length)
      return short.endsWith(FILE_SUFFIX)
        ? [short.slice(0, -FILE_SUFFIX.length), contentOf(key, text)]
        : [short, text]
    }),
  )
}

function contentOf(key: string, file: string): string {
  try {
    const bytes = readFileSync(file)
    if (bytes.length > MAX_SECRET_BYTES) throw new Error(`it has ${bytes.length} bytes`)
    return bytes.toString('utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `${key} names a file that cannot be used: ${reason}. Correct it, or unset it.`,
      {
        cause,
      },
    )
  }
}
