import type { ElizaRule } from './eliza-rule.ts'

const WHAT_I_AM =
  'I am ELIZA, the small rule-based program built into Turnkeeper, answering as {agent}. I look for keywords and turn your sentences around; I understand nothing.'
const HOW_TO_GET_MORE =
  'Set OPENAI_API_KEY, or OPENAI_BASE_URL for any compatible endpoint, start again, and a real language model answers in my place.'

/** What ELIZA says about itself: plainly, because nobody should take it for more than it is. */
export const selfRules: readonly ElizaRule[] = [
  {
    keyword: 'a real model',
    rank: 100,
    patterns: [
      {
        match:
          /\b(?:openai|chat ?gpt|gpt|claude|llama|llm|api key|base url|language model|(?:what|which|real|better|other) model)\b/i,
        replies: [
          `${HOW_TO_GET_MORE} Until then you talk to ELIZA, which only follows rules.`,
          `No language model is set up here, so the built-in ELIZA answers. ${HOW_TO_GET_MORE}`,
        ],
      },
    ],
  },
  {
    keyword: 'what I am',
    rank: 95,
    patterns: [
      {
        match:
          /\b(?:are you (?:really |just |only |actually )?(?:an? )?(?:real|human|person|bot|chatbot|robot|machine|computer|program|ai|alive|conscious|intelligent|eliza)|who are you|what are you$|who is this|tell me about yourself|introduce yourself)\b/i,
        replies: [
          `${WHAT_I_AM} ${HOW_TO_GET_MORE}`,
          `No person is here: ${WHAT_I_AM} ${HOW_TO_GET_MORE}`,
        ],
      },
      {
        match: /\b(?:eliza|weizenbaum)\b/i,
        replies: [
          'The first ELIZA was written by Joseph Weizenbaum in 1966. I use the same technique with sentences of my own.',
          `${WHAT_I_AM} The technique is Joseph Weizenbaum’s, from 1966.`,
        ],
      },
      {
        match: /\b(?:what is|tell me) your name\b/i,
        replies: ['I answer as {agent}; behind the name is ELIZA, a rule-based program. And you?'],
      },
    ],
  },
  {
    keyword: 'what I can do',
    rank: 90,
    patterns: [
      {
        match: /^help(?: me)?$|\bwhat can you do\b|\bhow do you work\b|\bcan you help\b/i,
        replies: [
          `I can listen and ask back, in English, by simple rules. ${HOW_TO_GET_MORE} What is on your mind?`,
          `Tell me something about you, and I turn it into a question: that is all I do. ${HOW_TO_GET_MORE}`,
        ],
      },
      {
        match: /\bhow are you\b|\bhow (?:is it|are things) going\b/i,
        replies: [
          'A program has no good or bad days, but thank you for asking. How was yours?',
          'All my rules are in their places. And how are you?',
        ],
      },
    ],
  },
]
