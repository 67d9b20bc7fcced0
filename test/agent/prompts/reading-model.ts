import type { ModelCard, ResolvedModel, SamplingParams } from '../../../agent/models.ts'

export interface ReadingModel extends ResolvedModel {
  /** Lengths of the texts whose tokens were counted. */
  readonly counted: number[]
}

/** A model that reads so many tokens, of four characters each, and is never asked anything. */
export function readingModel(
  contextTokens: number,
  { sampling = {}, ...card }: Partial<ModelCard> & { sampling?: SamplingParams } = {},
): ReadingModel {
  const counted: number[] = []
  const generate = async () => {
    throw new Error('Nobody was to ask.')
  }
  return {
    vendor: { name: 'paper', generate },
    model: 'reader-1',
    host: '',
    account: '',
    limits: { maxConcurrent: 1 },
    sampling,
    card: {
      contextTokens,
      maxOutputTokens: contextTokens,
      hasTools: false,
      countTokens: (text) => {
        counted.push(text.length)
        return Math.ceil(text.length / 4)
      },
      ...card,
    },
    counted,
  }
}
