/** Who registers something without saying so, outside of any member of a plugin. */
export const UNKNOWN_OWNER = 'runtime'
