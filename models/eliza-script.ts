import type { ElizaRule } from './eliza-rule.ts'

/** What people tell of themselves, in sentences of our own. */
export const talkRules: readonly ElizaRule[] = [
  {
    keyword: 'name',
    rank: 80,
    patterns: [
      {
        match: /\b(?:my name is|call me|i am called)\s+(\p{L}[\p{L}'-]*)/iu,
        replies: [
          'Nice to meet you, {1}. What brings you here today?',
          'Welcome, {1}. Where shall we begin?',
        ],
      },
      { match: /^I am (\p{Lu}[\p{Ll}'-]+)$/u, replies: ['Hello {1}. What is on your mind?'] },
      {
        match: /\bwhat is my name\b|\bwho am i\b|\bremember my name\b/i,
        replies: ['You told me that your name is {name}.', 'You are {name}, or so you said.'],
      },
      {
        match: /\bwhat is my name\b|\bwho am i\b|\bremember my name\b/i,
        replies: ['You have not told me yet. What shall I call you?'],
      },
    ],
  },
  {
    keyword: 'dream',
    rank: 55,
    patterns: [
      {
        match: /\bi (?:often |sometimes )?(?:dream|dreamed|dreamt) (?:that |of |about )?(.+)/i,
        replies: [
          'You dream of {1}. Does the day bring you anything like it?',
          'When {1} is over and you wake up, what feeling is left?',
        ],
        later: ['I still think of your dream about {1}. Has it come back?'],
      },
      {
        match: /\b(?:dreams?|nightmares?)\b/i,
        replies: ['Which dream has stayed with you the longest?', 'What happened in it?'],
      },
    ],
  },
  {
    keyword: 'family',
    rank: 50,
    patterns: [
      {
        match:
          /\bmy (mother|mom|mum|father|dad|sister|brother|wife|husband|partner|son|daughter|grandmother|grandfather|parents|family|children|kids)\b/i,
        replies: [
          'Your {1} seems to matter here. What should I know about that?',
          'What comes to your mind first when you think of your {1}?',
          'How is it when you are together with your {1}?',
        ],
        later: [
          'You spoke of your {1} before. Is there a thread from there to this?',
          'Let us return to your {1}, if you like. What was left unsaid?',
        ],
      },
    ],
  },
  {
    keyword: 'sorrow',
    rank: 45,
    patterns: [
      {
        match:
          /\bi (?:am|feel|felt|was|have been)(?: \w+)? (sad|unhappy|lonely|afraid|scared|anxious|angry|depressed|tired|stressed|worried|bored|lost|sick|hurt)\b/i,
        replies: [
          'I am sorry that it is like this. When did you first notice that you were {1}?',
          'Being {1} can fill a whole day. What does it keep you from?',
          'What would be the first small sign that you were a little less {1}?',
        ],
        later: ['Earlier you said that you were {1}. How is it now?'],
      },
      {
        match:
          /\bi (?:am|feel|felt|was|have been)(?: \w+)? (happy|glad|good|great|fine|well|excited|proud|grateful|better|relaxed)\b/i,
        replies: [
          'That is good to read. What made you feel {1}?',
          'Who else knows that you feel {1}?',
          'What would help you to stay {1} for a while?',
        ],
      },
    ],
  },
  {
    keyword: 'need',
    rank: 40,
    patterns: [
      {
        match: /\bi (?:really |just )?(?:need|want|wish for|would like)(?: to (?:have|get))? (.+)/i,
        replies: [
          'Suppose you had {1} tomorrow: what would be different?',
          'What stands between you and {1}?',
          'Since when has {1} been on your list?',
        ],
        later: ['You mentioned {1} as something you wanted. Is that still so?'],
      },
      {
        match: /\bi (?:feel|felt) (?:like |that )?(.+)/i,
        replies: [
          'You feel {1}. Where does that feeling start?',
          'What else comes along when you feel {1}?',
        ],
      },
      {
        match: /\bi (?:love|like|enjoy|adore) (.+)/i,
        replies: [
          'What is it about {1} that draws you?',
          'Tell me about the last time with {1}.',
          'Would you share {1} with somebody?',
        ],
        later: ['Tell me more about {1}: you seemed to like that.'],
      },
      {
        match: /\bi (?:hate|dislike|do not like|can not stand) (.+)/i,
        replies: [
          'What has {1} done to you?',
          'Was there a time when {1} did not bother you?',
          'What would you put in the place of {1}?',
        ],
      },
      {
        match: /\bi can not (.+)/i,
        replies: [
          'What would have to change before you could {1}?',
          'Who told you that you can not {1}?',
          'When could you {1} for the last time?',
        ],
      },
      {
        match: /\bi do not (.+)/i,
        replies: [
          'Would it be a relief or a burden, if you did {1}?',
          'What happens when you do not {1}?',
        ],
      },
      {
        match: /\bi (?:think|believe|guess|suppose) (?:that )?(.+)/i,
        replies: [
          'What makes you so sure that {1}?',
          'Suppose the opposite were true. What then?',
          'Has anybody told you otherwise than that {1}?',
        ],
      },
      {
        match: /\bi (?:remember|recall) (.+)/i,
        replies: ['What made {1} stay with you?', 'Which part of {1} is the clearest?'],
      },
    ],
  },
]

/** For a message in which no rule finds its keyword. */
export const fallbackReplies: readonly string[] = [
  'Tell me more about that.',
  'What does this mean to you?',
  'I am listening. How did it come about?',
  'And what happened then?',
  'Which part of it occupies you most?',
]

/** When everything that a rule has to say was said already. */
export const repetitionReplies: readonly string[] = [
  'We have been here before. What is different this time?',
  'I seem to have used up my sentences for that. Try it in other words?',
  'You come back to this. What makes it so strong?',
]

export const emptyReplies: readonly string[] = [
  'Nothing arrived but silence. What would you like to say?',
  'Take your time. I am here.',
]

export const symbolReplies: readonly string[] = [
  'A sign without words. What would it say, if it could speak?',
  'I can see that, but I have rules for words only. How would you put it?',
]

export const foreignReplies: readonly string[] = [
  'I only have rules for English, I am afraid. Could you try it in English?',
  'That script is beyond my few rules. English works best with me.',
]
