import type { OpenAPIHonoOptions, z } from '@hono/zod-openapi'
import type { Env } from 'hono'
import { InvalidRequestError } from '../agent/errors.ts'

type Issue = z.core.$ZodIssue

/** A mismatch is thrown, so it leaves by the same exit as every other error. */
export const refuseInvalid: NonNullable<OpenAPIHonoOptions<Env>['defaultHook']> = (result) => {
  if (result.success) return
  const issues: readonly Issue[] = result.error.issues
  const [first] = issues
  const path = first ? pathOf(first) : 'body'
  throw new InvalidRequestError(issues.slice(0, 5).map(sentence).join(' '), path)
}

function sentence(issue: Issue): string {
  const path = pathOf(issue)
  if (/^(Invalid transport|Transport must)/.test(issue.message)) return `${issue.message}.`
  return `Invalid ${path}: ${reason(issue)}.`
}

/** zod says "Invalid input: expected string, received undefined"; a caller wants "is required". */
function reason(issue: Issue): string {
  const expected = /expected (.+), received (\S+)$/.exec(issue.message)
  if (expected?.[2] === 'undefined') return `is required (${expected[1]})`
  if (expected) return `must be of type ${expected[1]}, got ${expected[2]}`
  return issue.message
}

const pathOf = (issue: Issue): string =>
  issue.path.length === 0 ? 'body' : issue.path.map(String).join('.')
