import { describe, expect, it } from '@jest/globals'
import { reasonOf } from '../../activities/send-reason.ts'

const permanent = (code: string, hint: string) => ({ kind: 'permanent', code, hint }) as const

describe('the reason that an outbox row gives', () => {
  it('is the code and the hint', () => {
    expect(reasonOf(permanent('50001', 'Invite the bot to the channel.'))).toBe(
      '50001: Invite the bot to the channel.',
    )
    expect(reasonOf({ kind: 'not-sent', code: 'ECONNREFUSED' })).toBe('ECONNREFUSED')
  })

  it('quotes neither the message nor part of it', () => {
    const text = 'My password is swordfish, tell nobody.'
    for (const quoted of [text, 'password is swordfish', `Body: "${text.slice(0, 20)}"`]) {
      expect(reasonOf(permanent('refused', `Cannot parse ${quoted}`), text)).toBe('refused')
    }
    expect(reasonOf(permanent('refused', 'Cannot parse "fish"'), 'fish')).toBe('refused')
    expect(reasonOf(permanent('refused', 'It is not allowed.'), 'no')).toBe(
      'refused: It is not allowed.',
    )
  })

  it('holds no address and no token, not even in the place of the code', () => {
    const token = '123456789:AAF-abcdefghijklmnopqrstuvwxyz012345'
    expect(reasonOf(permanent('refused', `See https://api.example.org/bot${token}/send now`))).toBe(
      'refused: See [address] now',
    )
    expect(reasonOf(permanent('refused', `Token ${token} is wrong`))).toBe(
      'refused: Token […] is wrong',
    )
    expect(reasonOf(permanent(`https://x/${token}`, ''))).toBe('refused')
  })
})
