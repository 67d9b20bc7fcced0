/** Endings by MIME type, where the type does not end in it itself. */
const ENDINGS: Readonly<Record<string, string>> = {
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/x-m4a': 'm4a',
  'audio/opus': 'ogg',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/x-flac': 'flac',
}

/** A file name for a recording: vendors tell formats by its ending. `audio/ogg; codecs=opus` is `audio.ogg`. */
export function audioName(mimeType: string): string {
  const type = mimeType.split(';')[0]?.trim().toLowerCase() ?? ''
  const ending = ENDINGS[type] ?? /^[a-z]+\/([a-z0-9]+)$/.exec(type)?.[1] ?? 'bin'
  return `audio.${ending}`
}
