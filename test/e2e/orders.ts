/** Names the file to which `shop-worker.ts` adds a line per order. */
export const ORDERS_VARIABLE = 'TEST_ORDERS_FILE'
