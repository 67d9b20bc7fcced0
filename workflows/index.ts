export { deliveryWorkflow } from './delivery.ts'
export { taskWorkflow } from './task.ts'
export { turnWorkflow } from './turn.ts'
