import { stringToUuid } from '../../../schema/ids.ts'
import type { Action, ActionContext, ActionResult } from '../../action.ts'
import { parametersFor, textOf } from './asked-parameters.ts'
import { refused } from './told.ts'

const MAX_PROMPT = 4_000

/** Offered only where a model draws. The picture is a message of its own, with its prompt as description. */
export const generateImageAction: Action = {
  name: 'GENERATE_IMAGE',
  similes: ['DRAW', 'CREATE_IMAGE', 'RENDER_IMAGE', 'VISUALIZE'],
  description: 'Draws a picture and shows it, when somebody asks for one.',
  parameters: [
    {
      name: 'prompt',
      description: 'what is drawn, in one to four sentences: content, style, light, colours',
      required: true,
    },
  ],
  effect: 'none',
  validate: async ({ hasModel }) => (await hasModel?.('IMAGE')) ?? false,
  handler: draw,
}

async function draw(context: ActionContext): Promise<ActionResult> {
  const template = 'imageGenerationTemplate'
  const given = await parametersFor(context, { action: generateImageAction, template })
  const prompt = textOf(given.prompt).slice(0, MAX_PROMPT)
  const refuse = (reason: string) => refused(context, 'GENERATE_IMAGE', reason)
  if (prompt === '') return refuse('I do not know what to draw.')
  const images = await context.models.draw({ prompt })
  if (images.length === 0) return refuse('The model drew nothing.')
  const attachments = images.map(({ url }, index) => ({
    id: stringToUuid(`${context.key}:image:${index}`),
    ...{ url, title: 'Generated image', source: 'imageGeneration', contentType: 'image' },
    description: prompt,
  }))
  context.say({ text: prompt, attachments, actions: ['GENERATE_IMAGE'] })
  return { success: true, text: `Drew: ${prompt}`, data: { prompt, count: images.length } }
}
