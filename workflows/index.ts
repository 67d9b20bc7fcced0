export { turnWorkflow } from './turn.ts'
