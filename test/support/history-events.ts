import { temporal } from '@temporalio/proto'
import type { HistoryEvent } from './turn-worker.ts'

const { EventType } = temporal.api.enums.v1

/** An event in words: its type, and for an activity its name, for a marker what it records. */
export function nameOf(event: HistoryEvent): string {
  const type = String(EventType[event.eventType ?? 0]).replace('EVENT_TYPE_', '')
  const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name
  const step = scheduled ?? localStepOf(event)
  return step === undefined ? type : `${type} ${step}`
}

export const namesOf = (events: readonly HistoryEvent[]) => events.map(nameOf)

/** Regular steps that were scheduled, in order. */
export const scheduledSteps = (events: readonly HistoryEvent[]) =>
  events.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [])

/** Local steps that were recorded, in order. */
export const localSteps = (events: readonly HistoryEvent[]) =>
  events.flatMap((event) => localStepOf(event) ?? [])

/** Milliseconds since the epoch, by the server's clock. */
export function timeOf(event: HistoryEvent | undefined): number {
  const { seconds, nanos } = event?.eventTime ?? {}
  return Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1e6
}

/** The summary that the Web UI shows. */
export function summaryOf({ userMetadata }: HistoryEvent): string | undefined {
  const data = userMetadata?.summary?.data
  return data ? JSON.parse(Buffer.from(data).toString()) : undefined
}

/** A marker of a Local Activity carries who it was as JSON. */
function localStepOf({ markerRecordedEventAttributes: marker }: HistoryEvent): string | undefined {
  const data = marker?.details?.data?.payloads?.[0]?.data
  return data ? JSON.parse(Buffer.from(data).toString()).activity_type : undefined
}
