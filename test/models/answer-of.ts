import type { ModelRequest, ModelResult } from '../../agent/models.ts'
import { KEY, quietly } from './conformance-request.ts'
import type { ScriptedAnswer, SeenRequest, VendorSubject } from './vendor-under-test.ts'

/** One call of a vendor and what its stub saw of it. */
export async function answerOf(
  { start, create }: VendorSubject,
  request: ModelRequest,
  answer?: ScriptedAnswer,
): Promise<{ result: ModelResult; request: SeenRequest | undefined }> {
  const stub = await start()
  if (answer) stub.answer(answer)
  try {
    const vendor = create({ baseUrl: stub.baseUrl, apiKey: KEY })
    const result = await vendor.generate(request, quietly())
    return { result, request: stub.requests()[0] }
  } finally {
    await stub.close()
  }
}
