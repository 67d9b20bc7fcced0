/** What programs ask of anything that they await, print or compare. */
const ASKED_OF_ALL = ['then', 'toJSON', 'constructor', 'asymmetricMatch', '$$typeof', 'nodeType']

/** A plain member whose own members are made when somebody asks for them. What was put there counts. */
export const lazyObject = (memberOf: (name: string) => unknown): object =>
  new Proxy(
    {},
    {
      get(target, name, receiver) {
        const isOwn = typeof name === 'symbol' || Object.hasOwn(target, name)
        if (isOwn || ASKED_OF_ALL.includes(name)) return Reflect.get(target, name, receiver)
        return memberOf(name)
      },
    },
  )
