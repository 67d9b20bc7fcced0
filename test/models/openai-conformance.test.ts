import { createOpenaiVendor } from '../../models/openai.ts'
import { settingNames } from '../../models/vendor-endpoint.ts'
import { openaiSubject } from './openai-subject.ts'
import { describeVendorOnWire } from './vendor-conformance.ts'

describeVendorOnWire(
  openaiSubject('openai', {
    name: 'openai',
    names: settingNames('OPENAI'),
    create: createOpenaiVendor,
    offers: { embed: true, draw: true, transcribe: true, speak: true },
  }),
)
