import { html } from 'hono/html'
import {
  fieldTable,
  prose,
  type SchemaNode,
  type Schemas,
  sample,
  typeName,
} from './docs-schema.ts'

export interface Operation {
  readonly method: string
  readonly path: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, Answer>>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: SchemaNode
}

interface Answer {
  readonly description: string
  readonly content?: Content
}

type Content = Readonly<Record<string, { readonly schema: SchemaNode }>>

export function operationSection(operation: Operation, schemas: Schemas, origin: string) {
  const { method, path, summary, description } = operation
  return html`<details id="${operationId(operation)}">
    <summary>
      <span class="method ${method}">${method.toUpperCase()}</span>
      <code>${path}</code> <span class="what">${summary}</span>
    </summary>
    ${description ? html`<p>${prose(description)}</p>` : ''} ${parameterTable(operation.parameters ?? [])}
    ${bodyTable(operation)} ${answerTable(operation.responses)}
    <h4>Try it</h4>
    <div class="copy"><pre>${curl(operation, schemas, origin)}</pre><button>Copy</button></div>
  </details>`
}

/** Anchor of an operation: `post-api-agents-agentId-start`. */
export const operationId = ({ method, path }: Operation): string =>
  `${method}${path.replaceAll(/[^\w]+/g, '-').replace(/-$/, '')}`

function parameterTable(parameters: readonly Parameter[]) {
  if (parameters.length === 0) return ''
  return html`<h4>Parameters</h4>
    <table>
      ${parameters.map(
        ({ name, in: place, required, schema, description }) => html`<tr>
          <th><code>${name}</code>${required ? html`<b title="required">*</b>` : ''}</th>
          <td>${place}</td>
          <td><code>${typeName(schema)}</code></td>
          <td>${prose(description ?? schema.description)}</td>
        </tr>`,
      )}
    </table>`
}

function bodyTable({ requestBody }: Operation) {
  const schema = schemaOf(requestBody?.content)
  if (!schema) return ''
  return html`<h4>Body <a href="#schema-${typeName(schema)}">${typeName(schema)}</a></h4>`
}

function answerTable(responses: Operation['responses']) {
  return html`<h4>Answers</h4>
    <table>
      ${Object.entries(responses).map(
        ([status, { description, content }]) => html`<tr>
          <th class="s${status[0]}">${status}</th>
          <td>${prose(description)}</td>
          <td>${contentCell(content)}</td>
        </tr>`,
      )}
    </table>`
}

function contentCell(content: Content | undefined) {
  const schema = schemaOf(content)
  if (!schema || !content) return ''
  const isJson = 'application/json' in content
  if (!isJson) return html`<code>${Object.keys(content).join(', ')}</code>`
  if (schema.$ref) return html`<a href="#schema-${typeName(schema)}">${typeName(schema)}</a>`
  return fieldTable(schema)
}

const schemaOf = (content: Content | undefined): SchemaNode | undefined =>
  content && Object.values(content)[0]?.schema

function curl(operation: Operation, schemas: Schemas, origin: string): string {
  const { method, path, requestBody } = operation
  const lines = [`curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${origin}${path}`]
  const schema = schemaOf(requestBody?.content)
  if ('text/event-stream' in (operation.responses[200]?.content ?? {}) && !schema) {
    lines[0] = lines[0]?.replace('curl', 'curl -N') ?? ''
  }
  if ('multipart/form-data' in (requestBody?.content ?? {})) {
    lines.push(`  -F 'file=@recording.ogg;type=audio/ogg'`)
  } else if (schema) {
    const data = JSON.stringify(sample(schema, schemas), null, 2).replaceAll("'", "'\\''")
    lines.push(`  -H 'Content-Type: application/json'`, `  -d '${data}'`)
  }
  return lines.join(' \\\n')
}
