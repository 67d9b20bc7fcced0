import { type RawBuilder, sql } from 'kysely'
import type { JsonObject } from '../schema/json.ts'

/** Characters of a `data:` URL that tell what it was. */
export const INLINE_URL_LENGTH = 64

/**
 * A column whose JSON may have `attachments`. A picture inside a message is megabytes: whoever reads
 * a conversation wants what was found in it.
 */
export function withoutInlineMedia(column: string): RawBuilder<JsonObject> {
  const json = sql.ref(column)
  return sql`
    case when jsonb_typeof(${json} -> 'attachments') = 'array'
      then ${json} || jsonb_build_object('attachments', (
        select coalesce(jsonb_agg(case when item ->> 'url' like 'data:%'
            then item || jsonb_build_object('url', left(item ->> 'url', ${INLINE_URL_LENGTH}::int))
            else item end order by place), '[]')
        from jsonb_array_elements(${json} -> 'attachments') with ordinality as a(item, place)))
      else ${json} end`
}
