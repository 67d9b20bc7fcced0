import { z } from 'zod'
import { agentParams, uuid } from './api.ts'
import { TASK_RUN_STATES } from './task.ts'

/** What the API tells of an agent's tasks. Times in milliseconds since the epoch. */

export const taskParams = agentParams.extend({ taskId: uuid })

export const taskRun = z.object({
  scheduledAt: z.number().describe('The time for which it ran: one time runs once.'),
  state: z.enum(TASK_RUN_STATES),
  tries: z.number(),
  error: z.string().nullable(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
})

export const task = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()),
  roomId: z.string().nullable(),
  createdAt: z.number(),
  everySeconds: z.number().nullable().describe('Of a task that repeats.'),
  dueAt: z.number().nullable().describe('Of a task that runs once.'),
  runs: z.array(taskRun).describe('The newest first; of a list only the newest.'),
})

export const taskList = z.object({ tasks: z.array(task) })
export const taskAsked = z.object({ asked: z.enum(['run', 'delete']) })
