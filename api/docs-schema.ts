import { html } from 'hono/html'

/** The part of JSON Schema that our document uses. */
export interface SchemaNode {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly SchemaNode[]
  readonly allOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly description?: string
  readonly example?: unknown
  readonly default?: unknown
}

export type Schemas = Readonly<Record<string, SchemaNode>>

/** A schema in a few words: `'a' | 'b'`, `uuid`, `Message[]`. */
export function typeName(schema: SchemaNode): string {
  if (schema.$ref) return refName(schema.$ref)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  const choices = schema.anyOf ?? schema.allOf
  if (choices) return choices.map(typeName).join(schema.anyOf ? ' | ' : ' & ')
  if (schema.items) return `${typeName(schema.items)}[]`
  const types = [schema.type ?? 'any'].flat()
  return types
    .map((type) => (type === 'string' && schema.format ? schema.format : type))
    .join(' | ')
}

/** The named schema behind a reference, else the schema itself. */
export const resolve = (schema: SchemaNode, schemas: Schemas): SchemaNode =>
  schema.$ref ? (schemas[refName(schema.$ref)] ?? {}) : schema

const refName = (ref: string): string => ref.split('/').at(-1) ?? ref

/** Field by field; nested objects follow their parent with dotted names. */
export function fieldTable(schema: SchemaNode) {
  const rows = fields(schema, '')
  if (rows.length === 0) return html`<p><code>${typeName(schema)}</code></p>`
  return html`<table>
    ${rows.map(
      ({ name, isRequired, node }) => html`<tr>
        <th><code>${name}</code>${isRequired ? html`<b title="required">*</b>` : ''}</th>
        <td><code>${typeName(node)}</code></td>
        <td>${prose(node.description)}${defaultOf(node)}</td>
      </tr>`,
    )}
  </table>`
}

/** A description, with what stands between backticks as code. */
export const prose = (text = '') =>
  text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))

interface Field {
  readonly name: string
  readonly isRequired: boolean
  readonly node: SchemaNode
}

function fields({ properties = {}, required = [] }: SchemaNode, prefix: string): Field[] {
  return Object.entries(properties).flatMap(([key, node]) => {
    const name = `${prefix}${key}`
    const inner = node.items?.properties ? node.items : node
    const nested = fields(inner, `${name}${node.items ? '[]' : ''}.`)
    return [{ name, isRequired: required.includes(key), node }, ...nested]
  })
}

const defaultOf = (node: SchemaNode) =>
  node.default === undefined ? '' : html` Default <code>${JSON.stringify(node.default)}</code>.`

/** A value to try: the example where there is one, else required fields only. */
export function sample(schema: SchemaNode, schemas: Schemas): unknown {
  const node = resolve(schema, schemas)
  if (node.example !== undefined) return node.example
  if (node.properties) return sampleObject(node, schemas)
  if (node.enum) return node.enum[0]
  if (node.items) return []
  if (node.anyOf?.[0]) return sample(node.anyOf[0], schemas)
  return node.type === 'string' ? '…' : {}
}

function sampleObject({ properties = {}, required = [] }: SchemaNode, schemas: Schemas): unknown {
  const shown = Object.entries(properties).filter(([key]) => required.includes(key))
  return Object.fromEntries(shown.map(([key, node]) => [key, sample(node, schemas)]))
}
