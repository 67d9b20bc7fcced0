import Handlebars from 'handlebars'
import type { TemplateFunction } from '../../schema/character-schema.ts'
import { storableText } from '../../schema/text.ts'
import { DomainError } from '../errors.ts'
import type { State } from '../provider.ts'
import { EXAMPLE_NAMES } from './example-names.ts'

/** A prompt with placeholders. The name is ElizaOS's, for errors. */
export interface Template {
  readonly name: string
  readonly source: string | TemplateFunction
}

/** A template cannot be compiled or filled in. */
export class TemplateError extends DomainError {
  readonly code = 'invalid_template'
  override readonly name = 'TemplateError'
  readonly template: string

  constructor(template: string, cause: unknown) {
    super(
      `The template '${template}' cannot be used: ${firstLines(cause)} ` +
        'Correct it under `templates` of the character, or remove it to get the built-in one.',
      { cause },
    )
    this.template = template
  }
}

/** More than the templates of some hundred characters; the oldest leave first. */
const CACHED_TEMPLATES = 500

const handlebars = Handlebars.create()
// It would write prompts to the console.
handlebars.unregisterHelper('log')

// `noEscape` is ElizaOS's treatment of `{{x}}` as `{{{x}}}`: prompts are no HTML.
// Own properties only is Handlebars' default; said here because the safety of prompts rests on it.
const COMPILE_OPTIONS = { noEscape: true }
const RUN_OPTIONS = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false }

type Compiled = (context: unknown) => string
const compiled = new Map<string, Compiled>()

/**
 * Fills a template with a state's values, with `providers` being its text, and `{{name1}}` to
 * `{{name10}}` being names for examples. What is filled in is never read as a template: a message
 * that says `{{system}}` appears as it is.
 *
 * @throws {TemplateError} names the template
 */
export function composePrompt(template: Template, state: State): string {
  try {
    const context = { ...EXAMPLE_NAMES, ...withoutFunctions(state.values), providers: state.text }
    return storableText(compile(sourceOf(template, state))(context))
  } catch (cause) {
    throw new TemplateError(template.name, cause)
  }
}

function sourceOf({ source }: Template, state: State): string {
  if (typeof source === 'string') return source
  const text: unknown = source({ state })
  if (typeof text === 'string') return text
  throw new Error('Its function returned no text')
}

/** Why a template cannot be compiled; undefined when it can. */
export function templateFault(source: string): string | undefined {
  try {
    handlebars.precompile(source, COMPILE_OPTIONS)
    return undefined
  } catch (error) {
    return firstLines(error)
  }
}

function compile(source: string): Compiled {
  const cached = compiled.get(source)
  if (cached) return cached
  const template = handlebars.compile(source, COMPILE_OPTIONS)
  const run: Compiled = (context) => template(context, RUN_OPTIONS)
  const oldest = compiled.size >= CACHED_TEMPLATES ? compiled.keys().next().value : undefined
  if (oldest !== undefined) compiled.delete(oldest)
  compiled.set(source, run)
  return run
}

/** Handlebars would call them. */
const withoutFunctions = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value !== 'function'))

const firstLines = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return `${message.slice(0, 200).replace(/\s+/g, ' ').trim()}.`
}
