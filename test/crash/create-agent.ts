import { z } from 'zod'

const answer = z.object({ data: z.object({ id: z.string() }) })

/** An agent of a house, by the API. */
export async function createAgent(
  apiUrl: string,
  { name = 'Eve', plugins = [] }: { name?: string; plugins?: readonly string[] } = {},
): Promise<string> {
  const post = async (path: string, body: object) => {
    const response = await fetch(apiUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`)
    return text
  }
  const character = { name, bio: [`${name} answers what she is asked.`], plugins }
  const { data } = answer.parse(JSON.parse(await post('/api/agents', { characterJson: character })))
  await post(`/api/agents/${data.id}/start`, {})
  return data.id
}
