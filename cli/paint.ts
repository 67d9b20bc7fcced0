import { styleText } from 'node:util'

/** The few styles we use. Without colour they return the text as it is. */
export interface Paint {
  name(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
  warning(text: string): string
}

export function createPaint(hasColor: boolean): Paint {
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    hasColor ? styleText(format, text, { validateStream: false }) : text
  return {
    name: style(['bold', 'cyan']),
    dim: style('dim'),
    good: style('green'),
    bad: style('red'),
    warning: style('yellow'),
  }
}
