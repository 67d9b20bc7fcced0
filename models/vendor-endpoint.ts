import { ModelError } from '../agent/errors.ts'
import type { ModelPurpose } from '../agent/models.ts'
import { MODEL_VENDORS, type ModelKind, modelNames } from '../schema/model-vendors.ts'
import { redactKeys } from './redact-keys.ts'

/** What every vendor file is created with. */
export interface EndpointSettings {
  /** Absent: the vendor's own. */
  readonly baseUrl?: string
  /** May be absent where the address wants none. */
  readonly apiKey?: string
}

/** The variables that an error tells its reader to look at. */
export interface SettingNames {
  readonly apiKey: string
  readonly baseUrl: string
  readonly model: (purpose: ModelPurpose) => string
}

/** What a vendor is called, and where it lives. */
export interface VendorIdentity {
  /** As its own pages write it: `OpenAI`. */
  readonly label: string
  readonly url: string
  readonly names: SettingNames
  /** Ends `Check that … is the address of an API …`: `and ends in its version path, such as /v1`. */
  readonly urlForm?: string
}

/** An endpoint that was checked: what a client and its error messages need. */
export interface VendorEndpoint {
  readonly label: string
  /** Without a slash at its end. */
  readonly url: string
  /** For messages: the URL itself may carry secrets in its query. */
  readonly host: string
  readonly apiKey: string | undefined
  readonly names: SettingNames
  readonly urlForm: string
}

const KINDS: Readonly<Record<ModelPurpose, ModelKind>> = {
  TEXT_SMALL: 'SMALL',
  TEXT_LARGE: 'LARGE',
  TEXT_COMPLETION: 'LARGE',
  REASONING_SMALL: 'REASONING_SMALL',
  REASONING_LARGE: 'REASONING_LARGE',
  OBJECT_SMALL: 'SMALL',
  OBJECT_LARGE: 'LARGE',
  IMAGE_DESCRIPTION: 'IMAGE_DESCRIPTION',
  TEXT_EMBEDDING: 'EMBEDDING',
  IMAGE: 'IMAGE',
  TRANSCRIPTION: 'TRANSCRIPTION',
  TEXT_TO_SPEECH: 'TTS',
}

/** The names of a vendor's settings: `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_LARGE_MODEL` … */
export function settingNames(
  prefix: string,
  others: Partial<Pick<SettingNames, 'apiKey' | 'baseUrl'>> = {},
): SettingNames {
  const vendor = MODEL_VENDORS.find((each) => each.prefix === prefix)
  return {
    apiKey: vendor?.keys[0] ?? `${prefix}_API_KEY`,
    baseUrl: vendor?.addresses[0] ?? `${prefix}_BASE_URL`,
    ...others,
    model(purpose) {
      const kind = KINDS[purpose]
      return (vendor && modelNames(vendor, kind)[0]) ?? `${prefix}_${kind}_MODEL`
    },
  }
}

/** @throws {ModelError} `model_not_configured`: the address or the key cannot be used in a request. */
export function checkedEndpoint(
  { label, url: ownUrl, names, urlForm = '' }: VendorIdentity,
  { baseUrl = ownUrl, apiKey }: EndpointSettings,
): VendorEndpoint {
  const url = URL.parse(baseUrl)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // A key that was pasted into the wrong setting must not be shown.
    const value = redactKeys(baseUrl, apiKey)
    throw notConfigured(`${names.baseUrl} is '${value}'. Set it to an http or https address.`)
  }
  if (url.username !== '' || url.password !== '') {
    throw notConfigured(
      `${names.baseUrl} contains a user or a password. Set ${names.apiKey} instead.`,
    )
  }
  // Node's own error for such a header quotes the key.
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw notConfigured(
      `${names.apiKey} contains a space, a line break or a non-ASCII character. Copy it again.`,
    )
  }
  return { label, url: baseUrl.replace(/\/+$/, ''), host: url.host, apiKey, names, urlForm }
}

const notConfigured = (message: string) =>
  new ModelError(message, { code: 'model_not_configured', retryable: false })
