export { deliveryWorkflow } from './delivery.ts'
export { turnWorkflow } from './turn.ts'
