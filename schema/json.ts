/** JSON as it is stored in `jsonb` columns and sent over the wire. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }
export type JsonObject = { [key: string]: Json | undefined }
