import { apiAddress } from '../../cli/api-address.ts'
import { createApi } from '../../cli/api-client.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { renderModels } from '../../cli/models.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson } from '../../cli/printable.ts'
import { modelsOverview } from '../../schema/models-api.ts'

/** Prints which models answer, their circuit breakers and their rate limits. */
export async function run({ config, values, io }: CommandInput): Promise<number> {
  const answer = await createApi(apiAddress(config)).request('/api/models')
  const text = values.json
    ? printableJson(answer)
    : renderModels(modelsOverview.parse(answer), createPaint(io.hasColor), Date.now())
  io.stdout.write(`${text}\n`)
  return EXIT.ok
}
