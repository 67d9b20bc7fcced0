import { z } from 'zod'

const BYTES_PER: Record<string, number> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** `500kb`, `2mb`: a size in bytes, at least 1 KiB. */
export const byteSize = z
  .string()
  .regex(/^\d+(\.\d+)?\s*(b|kb|mb|gb)?$/i)
  .transform((text) => {
    const unit = text.replace(/[\d.\s]/g, '').toLowerCase()
    return Math.floor(Number.parseFloat(text) * (BYTES_PER[unit] ?? 1))
  })
  .pipe(z.number().min(1024))
