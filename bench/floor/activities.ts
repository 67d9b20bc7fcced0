export const floorActivities = { nothing: async (): Promise<void> => undefined }

export type FloorActivities = typeof floorActivities
