import { createHash } from 'node:crypto'
import type { Handler } from 'hono'
import { html, raw } from 'hono/html'
import { type Operation, operationSection } from './docs-operation.ts'
import { fieldTable, type Schemas } from './docs-schema.ts'
import { DOCS_SCRIPT, DOCS_STYLE } from './docs-style.ts'
import type { ApiDocument } from './openapi.ts'

/** Only what stands in the page itself may run or style it, and it may load and send nothing. */
const POLICY = [
  `default-src 'none'`,
  `style-src '${hashOf(DOCS_STYLE)}'`,
  `script-src '${hashOf(DOCS_SCRIPT)}'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

interface Section {
  readonly name: string
  readonly description: string
  readonly operations: readonly Operation[]
}

/** The API's document as a page to read, made here because no outside address may be needed. */
export function createDocsPage(api: ApiDocument): Handler {
  // The generated document is plain JSON; its types allow far more than our routes produce.
  const schemas = (api.components?.schemas ?? {}) as Schemas
  const sections = sectionsOf(api)
  return (c) => {
    c.header('Content-Security-Policy', POLICY)
    return c.html(page(api, sections, schemas, new URL(c.req.url).origin))
  }
}

function sectionsOf(api: ApiDocument): readonly Section[] {
  const operations = Object.entries(api.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Omit<Operation, 'method' | 'path'>>).map(
      ([method, operation]): Operation => ({ ...operation, method, path }),
    ),
  )
  return (api.tags ?? []).map(({ name, description = '' }) => ({
    name,
    description,
    operations: operations.filter(({ tags }) => tags?.includes(name)),
  }))
}

function page(api: ApiDocument, sections: readonly Section[], schemas: Schemas, origin: string) {
  const { title, version, description } = api.info
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} API</title>
        <style>${raw(DOCS_STYLE)}</style>
      </head>
      <body>
        <main>
          <h1>${title} API <small>${version}</small></h1>
          <p class="lead">${description}</p>
          <nav>
            ${sections.map(({ name }) => html`<a href="#${name}">${name}</a>`)}
            <a href="#Schemas">Schemas</a> <a href="/openapi.json">openapi.json</a>
          </nav>
          ${sections.map((section) => sectionHtml(section, schemas, origin))}
          <h2 id="Schemas">Schemas</h2>
          ${Object.entries(schemas).map(
            ([name, schema]) => html`<details id="schema-${name}">
              <summary><code>${name}</code> <span class="what">${schema.description}</span></summary>
              ${fieldTable(schema)}
            </details>`,
          )}
        </main>
        <script>${raw(DOCS_SCRIPT)}</script>
      </body>
    </html>`
}

function sectionHtml({ name, description, operations }: Section, schemas: Schemas, origin: string) {
  return html`<h2 id="${name}">${name}</h2>
    <p class="lead">${description}</p>
    ${operations.map((operation) => operationSection(operation, schemas, origin))}`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
