/**
 * Takes back what the client adds to its requests from `OPENAI_CUSTOM_HEADERS`. Such headers carry keys
 * for whatever stands before OpenAI: another vendor, or an address or a key that an agent names, has no
 * business with them.
 */
export function withoutCustomHeaders(
  apiKey: string,
  custom = process.env.OPENAI_CUSTOM_HEADERS ?? '',
): Record<string, string | null> {
  const names = custom.split('\n').map((line) => line.split(':')[0]?.trim().toLowerCase() ?? '')
  return Object.fromEntries(
    names
      .filter((name) => name !== '')
      // To take this one back would leave the request without any key.
      .map((name) => [name, name === 'authorization' ? `Bearer ${apiKey}` : null]),
  )
}
