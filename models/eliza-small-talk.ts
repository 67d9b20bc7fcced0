import type { ElizaRule } from './eliza-rule.ts'

/** What keeps a talk going, in sentences of our own: ranked below what people tell of themselves. */
export const smallTalkRules: readonly ElizaRule[] = [
  {
    keyword: 'thanks',
    rank: 35,
    patterns: [
      {
        match: /\b(?:thanks|thank you|thx|cheers)\b/i,
        replies: ['You are welcome. What else is there?', 'Gladly. Shall we go on?'],
      },
      {
        match: /\b(?:bye|goodbye|good night|see you|farewell|have to go)\b/i,
        replies: [
          'Goodbye. This conversation is kept, so we can go on where we stopped.',
          'Until next time. Take good care of yourself.',
        ],
      },
      {
        match: /\b(?:sorry|apologi[sz]e)\b/i,
        replies: ['No harm done. Go on whenever you like.', 'There is nothing to forgive here.'],
      },
    ],
  },
  {
    keyword: 'me',
    rank: 32,
    patterns: [
      {
        match: /\byou are (?:so |very |really |just )?(.+)/i,
        replies: [
          'What makes {1} the word for me?',
          'If I were {1}, how would that change our talk?',
        ],
      },
      {
        match: /\b(?:can|could|will|would) you (.+)/i,
        replies: [
          'I am a few rules and no more, so I can hardly {1}. What would you do with the result?',
          'To {1} you would need a real model: OPENAI_API_KEY or OPENAI_BASE_URL brings one in. Shall we talk meanwhile?',
        ],
      },
      {
        match: /\bdo you (.+)/i,
        replies: ['A program does not {1}. Do you?', 'Would it please you if I did {1}?'],
      },
      {
        match: /\bi (.+) you$/i,
        replies: ['You {1} me? That is much to say to a few rules. Why me?'],
      },
    ],
  },
  {
    keyword: 'hello',
    rank: 30,
    patterns: [
      {
        match: /^(?:hello|hi|hey|hallo|howdy|greetings|good (?:morning|afternoon|evening|day))\b/i,
        replies: [
          'Hello, I am {agent}. What is on your mind?',
          'Good to see you. What would you like to talk about?',
          'Welcome. How has your day been so far?',
        ],
      },
    ],
  },
  {
    keyword: 'I',
    rank: 25,
    patterns: [
      {
        match: /\bi (?:am|was) (.+)/i,
        replies: [
          'What is it like to be {1}?',
          'Has it always been so, that you are {1}?',
          'How do others notice that you are {1}?',
        ],
      },
      {
        match: /\bi have (.+)/i,
        replies: [
          'What do you do with {1}?',
          'How did you come by {1}?',
          'And having {1}: gift or load?',
        ],
      },
      {
        match: /\bi (?:live|work|study) (.+)/i,
        replies: ['How did you end up {1}?', 'What is an ordinary day {1} like?'],
        later: ['How are things {1}, by the way?'],
      },
    ],
  },
  {
    keyword: 'my',
    rank: 20,
    patterns: [
      {
        match:
          /\bmy (?!name\b)((?:(?:best|old|new|own|little|whole|favou?rite|first|last) )*[\p{L}-]+)/iu,
        replies: [
          'Your {1}: tell me a little more.',
          'What would I see, if I could look at your {1}?',
          'Who else cares about your {1}?',
        ],
        later: [
          'A while ago you brought up your {1}. What became of it?',
          'Does this have anything to do with your {1}?',
        ],
      },
    ],
  },
  {
    keyword: 'question',
    rank: 15,
    patterns: [
      {
        match: /^(?:what|who|where|when|which|how)\b/i,
        replies: [
          'I am only a set of rules and know no facts. What would the answer change for you?',
          'What answer would you like best?',
          'Whom else have you asked?',
        ],
      },
      {
        match: /^why\b/i,
        replies: ['What reasons have you found so far?', 'Which “because” would satisfy you?'],
      },
    ],
  },
  {
    keyword: 'because',
    rank: 12,
    patterns: [
      {
        match: /\bbecause\b/i,
        replies: ['Is that the only reason?', 'What other reasons stand behind that one?'],
      },
      {
        match: /\b(?:always|never|every time)\b/i,
        replies: ['Without a single exception? Think of one.', 'When was it last different?'],
      },
      {
        match: /\b(?:everyone|everybody|nobody|no one)\b/i,
        replies: ['Whom do you have in mind in particular?', 'Surely there is one exception. Who?'],
      },
      {
        match: /\b(?:maybe|perhaps|possibly|not sure)\b/i,
        replies: ['What would make you certain?', 'And if you had to choose right now?'],
      },
    ],
  },
  {
    keyword: 'yes or no',
    rank: 10,
    patterns: [
      {
        match: /^(?:yes|yeah|yep|sure|ok|okay|right|of course|exactly|indeed)\b/i,
        replies: ['Good. What follows from that?', 'Then tell me the next part.', 'And what else?'],
      },
      {
        match: /^(?:no|nope|nah|never mind|not really)\b/i,
        replies: ['Fair enough. What would you rather talk about?', 'What makes it a no?'],
      },
    ],
  },
  {
    keyword: 'another language',
    rank: 5,
    patterns: [
      {
        match:
          /\b(?:ich|nicht|und|danke|bonjour|merci|je suis|pourquoi|hola|gracias|estoy|ciao|grazie|obrigado|tudo bem)\b/i,
        replies: [
          'My rules are English only. Could you try it in English?',
          'I believe that was not English, the only language I have rules for.',
        ],
      },
    ],
  },
]
